from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BaseAdmin
from courses.admin.theme import ModelForm, Select, TextInput, display
from personalization.admin.prompts.names import with_about
from personalization.models import SettingEntry
from personalization.services.settings import SETTINGS, ConfigRefused, save_setting


class SettingForm(ModelForm[SettingEntry]):
    typed = forms.CharField(label=_("Value"), required=False, max_length=200, widget=TextInput())

    class Meta:
        model = SettingEntry
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if setting := SETTINGS.get(self.instance.key):
            self.fields["typed"].help_text = setting.about
            self.initial["typed"] = now = setting.typed(self.instance.value)
            if setting.choices:
                choices = setting.choices()
                if now not in dict(choices):  # deleted, or not active any more
                    choices.append((now, now))
                self.fields["typed"].widget = Select(choices=choices)

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        try:
            SETTINGS[self.instance.key].read(typed.strip())
        except ConfigRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return typed


@admin.register(SettingEntry)
class SettingAdmin(BaseAdmin[SettingEntry]):
    form = SettingForm
    list_display = ("label_with_about", "shown_value", "updated_at")
    fields = ("label", "typed")
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
        save_setting(entry=obj, text=form.cleaned_data["typed"])

    @display(description=_("setting"))
    def label_with_about(self, entry: SettingEntry) -> SafeString:
        return with_about(self.label(entry), self.about(entry))

    @display(description=_("setting"))
    def label(self, entry: SettingEntry) -> str:
        return str(SETTINGS[entry.key].label) if entry.key in SETTINGS else entry.key

    @display(description=_("value"))
    def shown_value(self, entry: SettingEntry) -> str:
        setting = SETTINGS.get(entry.key)
        value = setting.typed(entry.value) if setting else str(entry.value)
        choices = dict(setting.choices()) if setting and setting.choices else {}
        return choices.get(value, value) or "–"

    @display(description=_("what it does"))
    def about(self, entry: SettingEntry) -> str:
        setting = SETTINGS.get(entry.key)
        return str(setting.about if setting else _("This version does not know it: nothing uses it."))
