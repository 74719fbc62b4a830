"""What a course asks its learners: stable codes in the database, labels for people and for the model."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models import Course, DatabaseTimestamps

KEY = RegexValidator(
    r"\A[A-Za-z][A-Za-z0-9_]{0,63}\Z",
    _("Up to 64 Latin letters, digits and underscores, a letter first."),
)
CODE = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z",
    _("Up to 64 Latin letters, digits, underscores, dots and hyphens, a letter or a digit first."),
)


class CourseSurvey(DatabaseTimestamps):
    """The questions of one course, or, without a course, of all that have none of their own."""

    course = models.OneToOneField(
        Course,
        on_delete=models.DB_CASCADE,
        null=True,
        blank=True,
        related_name="survey",
        verbose_name=_("course"),
    )
    # MD5 of all that it says, part of a text's fingerprint; null: the default survey as it was shipped, with
    # which texts were written before surveys could be changed.
    tag = models.TextField(_("tag"), null=True, editable=False)

    class Meta(DatabaseTimestamps.Meta):
        db_table = "surveys"
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        constraints = [
            models.UniqueConstraint(fields=["course"], name="surveys_one_default", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return str(self.course) if self.course_id else str(_("Default survey"))


class SurveyQuestion(DatabaseTimestamps):
    """Without options it is answered in free words."""

    survey = models.ForeignKey(
        CourseSurvey, on_delete=models.DB_CASCADE, related_name="questions", verbose_name=_("survey")
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    key = models.TextField(
        _("key"),
        validators=[KEY],
        help_text=_("Under which the platform sends the answer. It never changes."),
    )
    label_ru = models.TextField(_("question in Russian"), blank=True, default="")
    label_en = models.TextField(_("question in English"), blank=True, default="")
    other_key = models.TextField(
        _("key of own words"),
        blank=True,
        default="",
        validators=[KEY],
        help_text=_("Under which the platform sends what the learner wrote beside the options."),
    )

    class Meta(DatabaseTimestamps.Meta):
        db_table = "survey_questions"
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "key"],
                name="survey_questions_key",
                violation_error_message=_("Another question of this survey has this key."),
            )
        ]

    def __str__(self) -> str:
        return self.key


class SurveyOption(DatabaseTimestamps):
    """A choice; its code stands in learners' answers for ever, so it is retired and not deleted."""

    question = models.ForeignKey(
        SurveyQuestion, on_delete=models.DB_CASCADE, related_name="options", verbose_name=_("question")
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    code = models.TextField(_("code"), validators=[CODE], help_text=_("It never changes."))
    label_ru = models.TextField(_("label in Russian"), blank=True, default="")
    label_en = models.TextField(_("label in English"), blank=True, default="")
    old_codes = models.JSONField(_("old codes"), blank=True, default=list)
    is_other = models.BooleanField(
        _("“something else”"),
        default=False,
        help_text=_("What the learner wrote in their own words says it better, and is sent instead."),
    )
    is_retired = models.BooleanField(
        _("retired"),
        default=False,
        help_text=_("Not offered any more; answers that have it keep their words."),
    )

    class Meta(DatabaseTimestamps.Meta):
        db_table = "survey_options"
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "code"],
                name="survey_options_code",
                violation_error_message=_("Another option of this question has this code."),
            )
        ]

    def __str__(self) -> str:
        return self.code
