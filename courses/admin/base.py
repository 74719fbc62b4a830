"""What all admin pages of ours share: budgeted lists, saves that name their fields, one-line inputs."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from courses.admin.deletion import Deleted, deleted_by
from courses.admin.held import told_when_held
from courses.admin.lines import several_lines
from courses.admin.theme import ChangeList, ModelAdmin, TextInput
from courses.errors import ChangedMeanwhile


class BudgetedChangeList(ChangeList):
    """A list page loads what it shows in a fixed number of queries, however many rows it has.

    What a page forgot to ask for is fetched for all its rows at once; the tests set FETCH_RAISE instead.
    """

    fetch_mode = models.FETCH_PEERS

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> models.QuerySet[Any]:
        # PostgreSQL has no text with NUL. A search with it is refused by the search form.
        said = (text for key, texts in request.GET.lists() if key != SEARCH_VAR for text in (key, *texts))
        if any("\0" in str(text) for text in said):
            raise IncorrectLookupParameters
        if isinstance(self.model_admin, BaseAdmin):
            # Before the ordering is applied: a column may be sorted by an annotation.
            self.root_queryset = self.model_admin.list_queryset(self.root_queryset)
        queryset: models.QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return queryset.fetch_mode(self.fetch_mode)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            # Then the theme offers no “Show all” beside the number.
            self.full_result_count = self.result_count


class BaseAdmin[M: models.Model](ModelAdmin[M]):
    list_per_page = 50
    show_full_result_count = False
    rows: ClassVar[dict[str, int]] = {}  # text field → lines of its input

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BudgetedChangeList

    def list_queryset(self, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
        """The rows with just what the list page shows."""
        return queryset

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if rows := self.rows.get(db_field.name):
            kwargs |= {"widget": TextInput()} if rows == 1 else several_lines(rows)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @told_when_held
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return super().delete_view(request, object_id, extra_context)

    @told_when_held
    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[M], *args: Any, **kwargs: Any
    ) -> Any:
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)
        except ValidationError:
            messages.error(request, _("What was selected is not in this list. Nothing was done."))
            return redirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deleted:
        return deleted_by(objs, request, self.admin_site)

    def page_context(self, request: HttpRequest, obj: M) -> dict[str, Any]:
        """What the row's page shows besides its form; merged into the template's context."""
        return {}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: M | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context |= self.page_context(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        save_changes(obj, form.changed_data if change else None)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        formset.save(commit=False)
        for obj in formset.deleted_objects:
            obj.delete()
        for obj, changed in formset.changed_objects:
            save_changes(obj, changed)
        for obj in formset.new_objects:
            obj.save()


def save_changes(obj: models.Model, changed: list[str] | None) -> None:
    """Saves the named fields and nothing else: other columns may have moved on meanwhile. None: a new row.

    Raises ChangedMeanwhile when the row is gone.
    """
    if changed is None:
        obj.save()
        return
    columns = {field.attname for field in obj._meta.concrete_fields if field.name in changed}
    if not columns:
        return
    rows = type(obj)._base_manager.filter(pk=obj.pk)
    if not rows.update(**{column: getattr(obj, column) for column in columns}):
        raise ChangedMeanwhile
