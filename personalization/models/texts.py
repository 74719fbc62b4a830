from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgtrigger import Before, Condition, Trigger, UpdateOf

from courses.history.triggers import history_triggers
from courses.models import RARE_TIMESTAMPS, DatabaseTimestamps, Lesson
from personalization.models.learners import Profile

REPLACE_LOCKED = "replace_locked"


class Origin(models.TextChoices):
    """Who wrote a text. What the simple writer wrote never counts as the model's."""

    OPENAI = "openai", _("language model")
    SIMPLE = "simple", _("simple writer")
    API = "api", _("API")
    IMPORT = "import", _("import")
    EDITOR = "editor", _("editor")


class PersonalizedLessonDescription(DatabaseTimestamps):
    profile = models.ForeignKey(
        Profile, on_delete=models.DB_CASCADE, db_index=False, related_name="texts", verbose_name=_("learner")
    )
    lesson = models.ForeignKey(
        Lesson, on_delete=models.DB_CASCADE, db_index=False, related_name="texts", verbose_name=_("lesson")
    )
    content = models.JSONField(_("text"))
    origin = models.TextField(
        _("written by"), choices=Origin, null=True, blank=True
    )  # from before origins were kept
    model = models.TextField(_("model"), db_default="", default="", blank=True)
    prompt_version = models.TextField(_("prompt version"), db_default="", default="", blank=True)
    fingerprint = models.TextField(_("fingerprint"), null=True, blank=True)  # not made from a brief
    generated_at = models.DateTimeField(_("generated"), null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("edited by"),
    )
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    # MD5 of the store file that `content` was imported from: a file that has not changed is not read as JSON
    # again. A trigger removes it when anything else changes the content, raw SQL too.
    import_digest = models.TextField(_("digest of the imported file"), null=True, blank=True, editable=False)
    flags = models.JSONField(
        _("flags"), db_default=models.Value([], models.JSONField()), default=list, blank=True
    )

    class Meta(DatabaseTimestamps.Meta):
        db_table = "personalized_lesson_descriptions"
        verbose_name = _("personal text")
        verbose_name_plural = _("personal texts")
        permissions = [(REPLACE_LOCKED, "Can unlock and replace texts that editors changed")]
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "lesson"],
                name="personalized_lesson_descriptions_profile_id_lesson_id_key",
            )
        ]
        indexes = [
            models.Index(fields=["lesson"], name="personalized_lesson_id_idx"),
            # Few of a million: the admin finds them without reading the rest.
            models.Index(
                fields=["profile", "lesson"],
                condition=models.Q(edited_at__isnull=False),
                name="personalized_edited_idx",
            ),
            # For the foreign key. Hardly any text has an editor: each import would pay for an entry for each
            # of the others.
            models.Index(
                fields=["edited_by"],
                condition=models.Q(edited_by__isnull=False),
                name="personalized_edited_by_idx",
            ),
        ]
        triggers = [
            *RARE_TIMESTAMPS,
            *history_triggers(),
            # The condition in the order of what it costs: content is compared only for imported rows.
            Trigger(
                name="forget_file",
                when=Before,
                operation=UpdateOf("content"),  # type: ignore[no-untyped-call]  # pgtrigger has no type for it
                condition=Condition(
                    "NEW.import_digest = OLD.import_digest AND NEW.content IS DISTINCT FROM OLD.content"
                ),
                func="NEW.import_digest = NULL; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile} · {self.lesson}"

    @property
    def locked(self) -> bool:
        """Whether an editor changed it: regeneration then leaves it alone unless told to replace it."""
        return self.edited_at is not None
