"""Whose voice a course's texts have."""

from django.db import models
from django.db.models import Case, When
from django.db.models.functions import MD5, Concat
from django.utils.translation import gettext_lazy as _

from courses.models import SEPARATOR, Course, DatabaseTimestamps


class Sex(models.TextChoices):
    MALE = "male", _("male")
    FEMALE = "female", _("female")
    NON_BINARY = "non_binary", _("non-binary")
    OTHER = "other", _("other")


class Coach(DatabaseTimestamps):
    """`prompt` is the voice: how this coach writes. Who is not active speaks nowhere any more."""

    name = models.TextField(_("name"))
    bio = models.TextField(_("about the coach"), blank=True, db_default="", default="")
    prompt = models.TextField(_("voice"), blank=True, db_default="", default="")
    photo = models.ImageField(_("portrait"), upload_to="coaches/", max_length=200, blank=True)
    sex = models.TextField(_("sex"), choices=Sex, blank=True, db_default="", default="")
    year_of_birth = models.IntegerField(_("year of birth"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), db_default=True, default=True)
    voice_id = models.TextField(_("voice ID"), blank=True, db_default="", default="")
    voice_settings = models.JSONField(
        _("voice settings"), blank=True, db_default=models.Value({}, models.JSONField()), default=dict
    )
    legacy_id = models.IntegerField(_("ID in the old system"), null=True, blank=True, unique=True)
    # Of all that a prompt has of the coach: part of a text's fingerprint. Null where it has nothing.
    voice_tag = models.GeneratedField(
        expression=Case(
            When(prompt__regex=r"\S", then=MD5(Concat("name", SEPARATOR, "sex", SEPARATOR, "prompt")))
        ),
        output_field=models.TextField(null=True),
        db_persist=True,
    )

    class Meta(DatabaseTimestamps.Meta):
        db_table = "coaches"
        verbose_name = _("coach")
        verbose_name_plural = _("coaches")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CourseCoach(DatabaseTimestamps):
    """The coach of one course. Without a row, or when the coach is gone, the default coach speaks."""

    course = models.OneToOneField(
        Course, on_delete=models.DB_CASCADE, related_name="coach", verbose_name=_("course")
    )
    coach = models.ForeignKey(
        Coach, on_delete=models.DB_SET_NULL, null=True, related_name="courses", verbose_name=_("coach")
    )

    class Meta(DatabaseTimestamps.Meta):
        db_table = "course_coaches"
        verbose_name = _("coach of a course")
        verbose_name_plural = _("coaches of courses")

    def __str__(self) -> str:
        return str(self.coach)
