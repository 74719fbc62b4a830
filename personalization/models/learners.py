from django.db import models
from django.db.models.functions import MD5, Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from courses.history.triggers import history_triggers
from courses.models import EMPTY, RARE_TIMESTAMPS, SEPARATOR, Course, DatabaseTimestamps


class Profile(DatabaseTimestamps):
    """A learner. The identifier is the outside platform's; more than a first name is not our business."""

    user_identifier = models.TextField(_("user identifier"))
    name = models.TextField(_("name"), null=True, blank=True)
    course = models.ForeignKey(
        Course,
        to_field="slug",
        db_column="course_slug",
        # The production column has no constraint: a learner may name a course that is not imported yet.
        db_constraint=False,
        on_delete=models.DO_NOTHING,
        db_index=False,
        null=True,
        blank=True,
        related_name="learners",
        verbose_name=_("course"),
    )
    survey = models.JSONField(_("survey"), null=True, blank=True)
    # The learner's half of a text's fingerprint; the database computes it for every kind of write.
    answers_hash = models.GeneratedField(
        expression=MD5(
            Concat(Coalesce("name", EMPTY), SEPARATOR, Coalesce(Cast("survey", models.TextField()), EMPTY))
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta(DatabaseTimestamps.Meta):
        db_table = "profiles"
        verbose_name = _("learner")
        verbose_name_plural = _("learners")
        ordering = ["user_identifier"]
        constraints = [
            models.UniqueConstraint(fields=["user_identifier"], name="profiles_user_identifier_key")
        ]
        indexes = [models.Index(fields=["course"], name="profiles_course_slug_idx")]
        triggers = [*RARE_TIMESTAMPS, *history_triggers()]

    def __str__(self) -> str:
        # Not the name: this text ends up in the admin's log.
        return self.user_identifier

    @property
    def label(self) -> str:
        """How a page names the learner: first names alone are shared by many."""
        return f"{self.name} ({self.user_identifier})" if self.name else self.user_identifier
