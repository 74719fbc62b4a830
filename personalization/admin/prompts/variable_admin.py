import json
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.admin.editing.marks import mark
from courses.admin.held import told_when_held
from courses.admin.theme import Select, Textarea, TextInput, display
from courses.admin.word_diff import word_pieces
from personalization.admin.prompts.effect_words import effect_said
from personalization.admin.prompts.kept_page import YES_NO, KeptAdmin, ValueForm
from personalization.admin.prompts.names import prompt_label
from personalization.live_prompts import plain_value
from personalization.models import VariableEntry
from personalization.models.config import VARIABLE
from personalization.services.config_lock import lock_config
from personalization.services.kept_values import Values
from personalization.services.settings import ConfigRefused
from personalization.services.variables import (
    Kind,
    Tried,
    check_new_name,
    check_words,
    delete_variable,
    effects_of,
    kind_of,
    new_variable,
    prompts_with,
    save_variable,
    try_in_prompts,
    variable_value,
)

KINDS = {
    Kind.TEXT: gettext_lazy("text"),
    Kind.NUMBER: gettext_lazy("number"),
    Kind.YES_NO: gettext_lazy("yes or no"),
}
MOST_SHOWN = 80  # characters of a value in the list
TRIED = "persona.tried"  # in the META of a request: what came of its value
CONFIRMED = "confirmed"  # posted with the value whose effect the person has seen


class VariableForm(ValueForm):
    """A variable by its kind; of one that is there already the kind and the name stay.

    `tried`: of the value that was posted, before the transaction.
    """

    tried: ClassVar[Tried | None] = None

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

    def prepare(self) -> None:
        if not self.instance.pk:
            self.fields["typed"].help_text = _("Yes or no: write yes, or no.")
            return
        value = plain_value(self.instance.value)
        kind = kind_of(value)
        for name in ("name", "kind"):
            self.fields[name].disabled = True
        self.initial["name"] = self.instance.key.removeprefix(VARIABLE)
        self.initial["kind"] = kind.value
        self.initial["typed"] = typed_value(value)
        if kind is Kind.YES_NO:
            self.fields["typed"] = forms.ChoiceField(
                label=_("Value"), choices=[("yes", YES_NO[True]), ("no", YES_NO[False])], widget=Select()
            )
        elif kind is Kind.NUMBER:
            self.fields["typed"].widget = TextInput()

    def stored_texts(self) -> dict[str, str]:
        if not self.instance.pk:
            return {}
        own = {name: str(self.initial[name]) for name in ("name", "kind", "typed")}
        entry = self.instance
        return {**own, "description": entry.description, "is_public": "on" if entry.is_public else ""}

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
        if "kind" in data and "typed" in data:
            try:
                data["value"] = variable_value(data["kind"], data["typed"])
                if self.instance.pk and data["value"] != self.instance.value:
                    data["tried"] = self._tried(data["value"])
            except ConfigRefused as refused:
                self.add_error("typed", str(refused))
        return data

    def _tried(self, value: Any) -> Tried:
        """Raises ConfigRefused where live prompts cannot be filled in with the value."""
        name = self.initial["name"]
        tried = self.tried if self.tried and self.tried.is_of(name, value) else try_in_prompts(name, value)
        if tried.problem:
            raise ConfigRefused(tried.problem)
        return tried

    @staticmethod
    def _checked(check: Callable[[str], None], text: str) -> None:
        try:
            check(text)
        except ConfigRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class Unconfirmed(Exception):
    """Live prompts use the variable, and the person has not seen yet what the value would do."""

    def __init__(self, entry: VariableEntry, before: Any, users: list[str]) -> None:
        super().__init__(entry.key)
        self.entry, self.before, self.users = entry, before, users


@admin.register(VariableEntry)
class VariableAdmin(KeptAdmin[VariableEntry]):
    form = VariableForm
    list_display = ("name", "kind", "shown_value", "is_public", "description", "updated_at")
    fields = ("name", "kind", "typed", "description", "is_public")
    posted_columns = ("typed", "description")
    search_fields = ("key", "description")
    sortable_by = ()
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: VariableEntry | None = None) -> bool:
        """Not what a live prompt uses: it could not be used any more."""
        used = obj is not None and prompts_with(obj.key.removeprefix(VARIABLE))
        return not used and super().has_delete_permission(request, obj)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        request.META[TRIED] = self._tried(request, object_id)
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except Unconfirmed as asked:
            return self._asked(request, asked)
        except ConfigRefused as refused:  # somebody was quicker: took the name, or made a version live
            messages.error(request, str(refused))
        if object_id is None:
            return redirect("admin:personalization_variableentry_changelist")
        return redirect("admin:personalization_variableentry_change", object_id)

    def get_form(
        self, request: HttpRequest, obj: VariableEntry | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)  # a class of this request's own
        form.tried = request.META.get(TRIED)
        return form

    def _tried(self, request: HttpRequest, object_id: str | None) -> Tried | None:
        """The posted value, tried before the page's transaction, in which others would wait for it."""
        if request.method != "POST" or object_id is None or not self.has_change_permission(request):
            return None
        entry = VariableEntry.objects.filter(pk=unquote(object_id)).first()
        if entry is None:
            return None
        try:
            value = variable_value(kind_of(plain_value(entry.value)), request.POST.get("typed", ""))
        except ConfigRefused:
            return None  # the form says so
        return None if value == entry.value else try_in_prompts(entry.key.removeprefix(VARIABLE), value)

    def _asked(self, request: HttpRequest, asked: Unconfirmed) -> HttpResponse:
        """What the new value would do; posted from there, it is saved. Nothing is saved yet."""
        entry = asked.entry
        texts, descriptions = effects_of(entry.key.removeprefix(VARIABLE), entry.value)
        said = effect_said(texts, of_texts=True), effect_said(descriptions, of_texts=False)
        before = self.said_value(entry, asked.before)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change %(variable)s") % {"variable": entry.key},
            "model_admin": self,
            "opts": self.opts,
            "users": [prompt_label(key) for key in asked.users],
            "pieces": word_pieces(before, self.said_value(entry, entry.value)),
            "effects": said,
            "sent": [
                (name, text)
                for name, texts in request.POST.lists()
                if name not in ("csrfmiddlewaretoken", CONFIRMED)
                for text in texts
            ],
            "confirmed": mark_of(entry.value),
        }
        return TemplateResponse(request, "admin/personalization/prompts/variable_effect.html", context)

    def save_model(self, request: HttpRequest, obj: VariableEntry, form: Any, change: bool) -> None:
        data = form.cleaned_data
        fields = {name: data[name] for name in ("value", "description", "is_public")}
        if not change:
            made = new_variable(name=data["name"], **fields)
            obj.key, obj.value = made.key, made.value
            return
        lock_config()  # before the row, as who deletes it does
        self.refuse_changed(obj, form)
        before = obj.value
        obj.value = fields["value"]
        users = prompts_with(obj.key.removeprefix(VARIABLE)) if before != obj.value else []
        if users and request.POST.get(CONFIRMED) != mark_of(obj.value):
            raise Unconfirmed(obj, before, users)
        if before == obj.value:
            del fields["value"]
        save_variable(entry=obj, tried=data.get("tried"), **fields)
        if users:
            said = _("What was written with the old value is stale now. Nothing is written anew by itself.")
            messages.info(request, said)

    @told_when_held
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ConfigRefused as refused:  # a version that uses it went live meanwhile
            messages.error(request, str(refused))
            return redirect("admin:personalization_variableentry_change", object_id)

    def delete_model(self, request: HttpRequest, obj: VariableEntry) -> None:
        delete_variable(entry=obj)

    def word_label(self, name: str) -> str:
        return str(VariableForm.base_fields[name].label or name)

    def typed_of(self, entry: VariableEntry, values: Values) -> dict[str, Any]:
        typed = typed_value(plain_value(values.value))
        return {"typed": typed, "description": values.description, "is_public": values.is_public}

    def said_value(self, entry: VariableEntry, value: Any) -> str:
        plain = plain_value(value)
        return str(YES_NO[plain]) if isinstance(plain, bool) else str(plain)

    @display(description=gettext_lazy("name"))
    def name(self, entry: VariableEntry) -> str:
        return entry.key

    @display(description=gettext_lazy("kind"))
    def kind(self, entry: VariableEntry) -> str:
        return str(KINDS[kind_of(plain_value(entry.value))])

    @display(description=gettext_lazy("value"))
    def shown_value(self, entry: VariableEntry) -> str:
        words = self.said_value(entry, entry.value)
        return words if len(words) <= MOST_SHOWN else words[:MOST_SHOWN] + "…"


def typed_value(value: Any) -> str:
    """As a person types it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def mark_of(value: Any) -> str:
    return mark(json.dumps(value, sort_keys=True))
