"""Lists of what is kept about learners: read, never written here, and only by who may see learners."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BaseAdmin
from courses.admin.theme import display
from personalization.admin.paginator import EstimatedPaginator
from personalization.admin.rights import may_see_learners
from personalization.models import Profile


class AboutLearnersAdmin[M: models.Model](BaseAdmin[M]):
    """`learner_path`: the name of the relation to the learner; `shown`: what a list reads of other rows."""

    learner_path = "profile"
    shown: tuple[str, ...] = ()
    search_help_text = _("Identifier or name of the learner")
    sortable_by = ()  # one order, of an index: no page sorts a million rows
    paginator = EstimatedPaginator
    actions = None

    def list_queryset(self, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
        path = self.learner_path
        related = {path, *(name.rpartition("__")[0] for name in self.shown if "__" in name)}
        columns = {field.name for field in self.opts.concrete_fields} & {*self.shown, "created_at"}
        names = (f"{path}__user_identifier", f"{path}__name")
        return queryset.select_related(*related).only(*columns, *names, *self.shown)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (f"{self.learner_path}__user_identifier", f"{self.learner_path}__name")

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return may_see_learners(request) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    @display(description=_("learner"))
    def learner(self, row: Any) -> str:
        profile: Profile = getattr(row, self.learner_path)
        return profile.label
