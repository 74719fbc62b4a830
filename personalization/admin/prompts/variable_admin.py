from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.admin.base import BaseAdmin
from courses.admin.theme import ModelForm, Select, Textarea, TextInput, display
from personalization.admin.prompts.names import prompt_label
from personalization.live_prompts import plain_value
from personalization.models import VariableEntry
from personalization.models.config import VARIABLE
from personalization.services.settings import ConfigRefused
from personalization.services.variables import (
    Kind,
    check_new_name,
    check_words,
    delete_variable,
    kind_of,
    new_variable,
    prompts_with,
    save_variable,
    variable_value,
)

KINDS = {
    Kind.TEXT: gettext_lazy("text"),
    Kind.NUMBER: gettext_lazy("number"),
    Kind.YES_NO: gettext_lazy("yes or no"),
}
MOST_SHOWN = 80  # characters of a value in the list
YES_NO = {True: gettext_lazy("yes"), False: gettext_lazy("no")}


class VariableForm(ModelForm[VariableEntry]):
    """A variable by its kind; of one that is there already the kind and the name stay."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        widget=TextInput(),
        help_text=gettext_lazy(
            "Small Latin letters, digits and underscores. Prompts write it as {{ var.name }}."
        ),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(kind.value, label) for kind, label in KINDS.items()],
        widget=Select(),
    )
    typed = forms.CharField(
        label=gettext_lazy("Value"), required=False, strip=False, widget=Textarea({"rows": 4})
    )

    class Meta:
        model = VariableEntry
        fields = ("description", "is_public")
        widgets = {"description": TextInput()}
        help_texts = {"is_public": gettext_lazy("Anybody may read it, learners too.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.fields["typed"].help_text = _("Yes or no: write yes, or no.")
            return
        value = plain_value(self.instance.value)
        kind = kind_of(value)
        for name in ("name", "kind"):
            self.fields[name].disabled = True
        self.initial["name"] = self.instance.key.removeprefix(VARIABLE)
        self.initial["kind"] = kind.value
        self.initial["typed"] = ("yes" if value else "no") if kind is Kind.YES_NO else str(value)
        if kind is Kind.YES_NO:
            self.fields["typed"] = forms.ChoiceField(
                label=_("Value"), choices=[("yes", YES_NO[True]), ("no", YES_NO[False])], widget=Select()
            )
        elif kind is Kind.NUMBER:
            self.fields["typed"].widget = TextInput()

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not self.instance.pk:
            self._checked(check_new_name, name)
        return name

    def clean_description(self) -> str:
        description: str = self.cleaned_data["description"]
        self._checked(check_words, description)
        return description

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "kind" in data:
            try:
                data["value"] = variable_value(data["kind"], data.get("typed", ""))
            except ConfigRefused as refused:
                self.add_error("typed", str(refused))
        return data

    @staticmethod
    def _checked(check: Callable[[str], None], text: str) -> None:
        try:
            check(text)
        except ConfigRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


@admin.register(VariableEntry)
class VariableAdmin(BaseAdmin[VariableEntry]):
    form = VariableForm
    list_display = ("name", "kind", "shown_value", "is_public", "description", "updated_at")
    fields = ("name", "kind", "typed", "description", "is_public")
    search_fields = ("key", "description")
    sortable_by = ()
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: VariableEntry | None = None) -> bool:
        """Not what a live prompt uses: it could not be used any more."""
        used = obj is not None and prompts_with(obj.key.removeprefix(VARIABLE))
        return not used and super().has_delete_permission(request, obj)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except ConfigRefused as refused:  # somebody was quicker
            messages.error(request, str(refused))
            return redirect("admin:personalization_variableentry_changelist")

    def save_model(self, request: HttpRequest, obj: VariableEntry, form: Any, change: bool) -> None:
        data = form.cleaned_data
        fields = {name: data[name] for name in ("value", "description", "is_public")}
        if not change:
            made = new_variable(name=data["name"], **fields)
            obj.key, obj.value = made.key, made.value
            return
        before = VariableEntry.objects.filter(pk=obj.pk).values_list("value", flat=True).first()
        save_variable(entry=obj, **fields)
        users = prompts_with(obj.key.removeprefix(VARIABLE)) if before != obj.value else []
        if users:
            said = _("It stands in: %(prompts)s. Texts that were written with its old value are stale now.")
            messages.info(request, said % {"prompts": ", ".join(map(prompt_label, users))})

    def delete_model(self, request: HttpRequest, obj: VariableEntry) -> None:
        delete_variable(entry=obj)

    @display(description=gettext_lazy("name"))
    def name(self, entry: VariableEntry) -> str:
        return entry.key

    @display(description=gettext_lazy("kind"))
    def kind(self, entry: VariableEntry) -> str:
        return str(KINDS[kind_of(plain_value(entry.value))])

    @display(description=gettext_lazy("value"))
    def shown_value(self, entry: VariableEntry) -> str:
        value = plain_value(entry.value)
        words = str(YES_NO[value]) if isinstance(value, bool) else str(value)
        return words if len(words) <= MOST_SHOWN else words[:MOST_SHOWN] + "…"
