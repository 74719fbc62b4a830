from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from courses.admin.theme import Select, TextInput, display
from personalization.admin.prompts.kept_page import KeptAdmin, ValueForm
from personalization.admin.prompts.names import with_about
from personalization.models import SettingEntry
from personalization.services.kept_values import Values
from personalization.services.settings import SETTINGS, ConfigRefused, save_setting


class SettingForm(ValueForm):
    typed = forms.CharField(label=_("Value"), required=False, max_length=200, widget=TextInput())

    class Meta:
        model = SettingEntry
        fields: tuple[str, ...] = ()

    def prepare(self) -> None:
        if setting := SETTINGS.get(self.instance.key):
            self.fields["typed"].help_text = setting.about
            self.initial["typed"] = now = setting.typed(self.instance.value)
            if setting.choices:
                choices = setting.choices()
                if now not in dict(choices):  # deleted, or not active any more
                    choices.append((now, now))
                self.fields["typed"].widget = Select(choices=choices)

    def stored_texts(self) -> dict[str, str]:
        return {"typed": str(self.initial.get("typed", ""))}

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        try:
            SETTINGS[self.instance.key].read(typed.strip())
        except ConfigRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return typed


@admin.register(SettingEntry)
class SettingAdmin(KeptAdmin[SettingEntry]):
    form = SettingForm
    list_display = ("label_with_about", "shown_value", "updated_at")
    fields = ("label", "typed")
    posted_columns = ("typed",)
    readonly_fields = ("label",)
    sortable_by = ()
    actions = None

    class Media:
        css: ClassVar[dict[str, Any]] = {"all": ("personalization/prompts.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the product knows what settings there are

    def has_delete_permission(self, request: HttpRequest, obj: SettingEntry | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SettingEntry | None = None) -> bool:
        """Not of a setting that this version does not know: it could not say what it may be."""
        known = obj is None or obj.key in SETTINGS
        return known and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: SettingEntry | None = None) -> Any:
        return self.fields if self.has_change_permission(request, obj) else ("label", "shown_value", "about")

    def get_readonly_fields(self, request: HttpRequest, obj: SettingEntry | None = None) -> Any:
        return ("label", "shown_value", "about")

    def save_model(self, request: HttpRequest, obj: SettingEntry, form: Any, change: bool) -> None:
        self.refuse_changed(obj, form)
        save_setting(entry=obj, text=form.cleaned_data["typed"])

    def word_label(self, name: str) -> str:
        return str(SettingForm.base_fields[name].label or name)

    def typed_of(self, entry: SettingEntry, values: Values) -> dict[str, Any]:
        setting = SETTINGS.get(entry.key)
        return {"typed": setting.typed(values.value)} if setting else {}

    def said_value(self, entry: SettingEntry, value: Any) -> str:
        setting = SETTINGS.get(entry.key)
        typed = setting.typed(value) if setting else str(value)
        choices = dict(setting.choices()) if setting and setting.choices else {}
        return choices.get(typed, typed) or "–"

    @display(description=_("setting"))
    def label_with_about(self, entry: SettingEntry) -> SafeString:
        return with_about(self.label(entry), self.about(entry))

    @display(description=_("setting"))
    def label(self, entry: SettingEntry) -> str:
        return str(SETTINGS[entry.key].label) if entry.key in SETTINGS else entry.key

    @display(description=_("value"))
    def shown_value(self, entry: SettingEntry) -> str:
        return self.said_value(entry, entry.value)

    @display(description=_("what it does"))
    def about(self, entry: SettingEntry) -> str:
        setting = SETTINGS.get(entry.key)
        return str(setting.about if setting else _("This version does not know it: nothing uses it."))
