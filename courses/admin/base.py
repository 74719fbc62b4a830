"""What all admin pages of ours share: budgeted lists, saves that name their fields, one-line inputs."""

from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse

from courses.admin.theme import ChangeList, ModelAdmin, Textarea, TextInput


class BudgetedChangeList(ChangeList):
    """A list page loads what it shows in a fixed number of queries, however many rows it has.

    What a page forgot to ask for is fetched for all its rows at once; the tests set FETCH_RAISE instead.
    """

    fetch_mode = models.FETCH_PEERS

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> models.QuerySet[Any]:
        if isinstance(self.model_admin, BaseAdmin):
            # Before the ordering is applied: a column may be sorted by an annotation.
            self.root_queryset = self.model_admin.list_queryset(self.root_queryset)
        queryset: models.QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return queryset.fetch_mode(self.fetch_mode)


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
            kwargs["widget"] = TextInput() if rows == 1 else Textarea({"rows": rows})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

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
    """Saves the named fields and nothing else: other columns may have moved on meanwhile. None: a new row."""
    if changed is None:
        obj.save()
    elif columns := {field.name for field in obj._meta.concrete_fields}.intersection(changed):
        obj.save(update_fields=columns)
