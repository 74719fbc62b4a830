"""What learners said of lessons, and how they did in quizzes."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models import NOW, Lesson
from personalization.models.learners import Profile


class Issue(models.TextChoices):
    TOO_TECHNICAL = "too_technical", _("too technical")
    TOO_BASIC = "too_basic", _("too basic")


class Result(models.Model):
    """A learner says or does one thing at a moment: that is what makes an imported row the same one."""

    id = models.UUIDField(_("ID"), primary_key=True, db_default=RandomUUID(), editable=False)
    profile = models.ForeignKey(
        Profile, on_delete=models.DB_CASCADE, db_index=False, related_name="+", verbose_name=_("learner")
    )
    lesson = models.ForeignKey(
        Lesson, on_delete=models.DB_CASCADE, related_name="+", verbose_name=_("lesson")
    )
    created_at = models.DateTimeField(_("when"), db_default=NOW)

    class Meta:
        abstract = True
        ordering = ["-created_at"]


def _once(name: str) -> models.UniqueConstraint:
    # Its index, read backwards, is also the one for the last ten of a learner.
    return models.UniqueConstraint(fields=["profile", "created_at", "lesson"], name=name)


class LessonFeedback(Result):
    rating = models.SmallIntegerField(_("rating"), help_text=_("From 1 to 5."))
    issue = models.TextField(_("issue"), choices=Issue, db_default="", default="", blank=True)

    class Meta(Result.Meta):
        db_table = "lesson_feedback"
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        constraints = [
            _once("lesson_feedback_once"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="lesson_feedback_rating"),
            models.CheckConstraint(condition=Q(issue__in=["", *Issue]), name="lesson_feedback_issue"),
        ]
        indexes = [models.Index(fields=["created_at"], name="lesson_feedback_created")]

    def __str__(self) -> str:
        return str(self.rating)


class QuizResult(Result):
    score = models.DecimalField(
        _("score"), max_digits=5, decimal_places=2, help_text=_("Percent, from 0 to 100.")
    )

    class Meta(Result.Meta):
        db_table = "quiz_results"
        verbose_name = _("quiz result")
        verbose_name_plural = _("quiz results")
        constraints = [
            _once("quiz_results_once"),
            models.CheckConstraint(condition=Q(score__range=(0, 100)), name="quiz_results_score"),
        ]
        indexes = [models.Index(fields=["created_at"], name="quiz_results_created")]

    def __str__(self) -> str:
        return str(self.score)
