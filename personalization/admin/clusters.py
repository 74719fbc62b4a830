from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from courses.admin.filters import course_filter
from courses.admin.theme import display
from personalization.admin.about_learners import AboutLearnersAdmin
from personalization.admin.why_cluster import why_context
from personalization.models import GenerationRun, PromptRefinement, UserCluster


@admin.register(UserCluster)
class ClusterAdmin(AboutLearnersAdmin[UserCluster]):
    learner_path = "user"
    shown = ("cluster_type", "cluster_score", "last_calculated", "user__course__title")
    list_display = ("learner", "course", "cluster_type", "score", "last_calculated")
    list_filter = ("cluster_type", course_filter("user__course_id"))
    ordering = ("-last_calculated",)
    fields = ("learner", "cluster_type", "score", "last_calculated")
    readonly_fields = fields
    list_before_template = "admin/personalization/clusters_empty.html"
    change_form_outer_after_template = "admin/personalization/why_cluster.html"

    class Media:
        css = {"all": ("personalization/clusters.css",)}

    def page_context(self, request: HttpRequest, obj: UserCluster) -> dict[str, Any]:
        return {"learner": obj.user, **why_context(request, obj.user)}

    @display(description=_("course"))
    def course(self, row: UserCluster) -> str:
        return row.user.course.title if row.user.course else ""

    @display(description=_("score"))
    def score(self, row: UserCluster) -> str:
        return f"{row.cluster_score:.2f}"


@admin.register(PromptRefinement)
class RefinementAdmin(AboutLearnersAdmin[PromptRefinement]):
    learner_path = "user"
    shown = ("cluster_type",)
    list_display = ("created_at", "learner", "cluster_type")
    list_filter = ("cluster_type",)
    ordering = ("-created_at",)
    fields = ("learner", "run", "cluster_type", "created_at", "refined_prompt", "original_prompt")
    readonly_fields = fields
    list_before_template = "admin/personalization/refinements_empty.html"

    @display(description=_("run"))
    def run(self, row: PromptRefinement) -> str:
        run = GenerationRun.objects.filter(pk=row.session_id).first()
        return str(run) if run else str(row.session_id)
