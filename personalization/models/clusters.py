"""What the supervisor found out of a learner, and what it added to prompts."""

from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgtrigger import Before, Trigger, Update

from courses.models import NOW
from personalization.models.learners import Profile

NOTHING: Any = models.Value({}, models.JSONField())


class ClusterType(models.TextChoices):
    BALANCED = "balanced", _("balanced")
    PRACTICAL_BASIC = "practical_basic", _("practical, basic")
    VISUAL_BASIC = "visual_basic", _("visual, basic")
    THEORETICAL_BASIC = "theoretical_basic", _("theoretical, basic")
    PRACTICAL_ADVANCED = "practical_advanced", _("practical, advanced")
    VISUAL_ADVANCED = "visual_advanced", _("visual, advanced")
    THEORETICAL_ADVANCED = "theoretical_advanced", _("theoretical, advanced")


class UserCluster(models.Model):
    """One for each learner, as it was last calculated. Without one a learner is balanced."""

    id = models.UUIDField(_("ID"), primary_key=True, db_default=RandomUUID(), editable=False)
    user = models.OneToOneField(
        Profile, on_delete=models.DB_CASCADE, related_name="cluster", verbose_name=_("learner")
    )
    cluster_type = models.CharField(_("cluster"), max_length=50, choices=ClusterType)
    cluster_score = models.FloatField(_("score"))
    last_calculated = models.DateTimeField(_("calculated"), db_default=NOW)
    learning_style_factor = models.JSONField(_("learning style"), db_default=NOTHING, default=dict)
    technical_depth_factor = models.JSONField(_("technical depth"), db_default=NOTHING, default=dict)
    quiz_performance_factor = models.JSONField(_("quiz results"), db_default=NOTHING, default=dict)
    feedback_pattern_factor = models.JSONField(_("feedback"), db_default=NOTHING, default=dict)
    created_at = models.DateTimeField(_("created"), db_default=NOW, editable=False)
    updated_at = models.DateTimeField(_("updated"), db_default=NOW, editable=False)

    class Meta:
        db_table = "user_clusters"
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        ordering = ["-last_calculated"]
        indexes = [
            models.Index(fields=["last_calculated"], name="user_clusters_calculated"),
            models.Index(fields=["cluster_type", "last_calculated"], name="user_clusters_type"),
        ]
        triggers = [
            Trigger(
                name="touch",
                when=Before,
                operation=Update,
                func="NEW.updated_at = now(); RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return str(self.get_cluster_type_display())


class PromptRefinement(models.Model):
    """What a run sent for one text besides the part that all learners of the lesson share.

    That part, most of a prompt, is left out of both columns: it can be made again from the lesson.
    """

    id = models.UUIDField(_("ID"), primary_key=True, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(
        Profile, on_delete=models.DB_CASCADE, related_name="+", verbose_name=_("learner")
    )
    # The run. No foreign key: rows of an older system have sessions that were no runs of ours.
    session_id = models.UUIDField(_("run"), db_index=True)
    original_prompt = models.TextField(_("before"))
    refined_prompt = models.TextField(_("after"))
    cluster_type = models.CharField(_("cluster"), max_length=50, choices=ClusterType)
    created_at = models.DateTimeField(_("created"), db_default=NOW, editable=False)

    class Meta:
        db_table = "prompt_refinements"
        verbose_name = _("refined prompt")
        verbose_name_plural = _("refined prompts")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"], name="prompt_refinements_created")]

    def __str__(self) -> str:
        return str(self.get_cluster_type_display())
