"""The admin theme with types: to a type checker it is Django's own admin, which the theme subclasses."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core import paginator
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.admin.views.main import ChangeList
    from django.core.paginator import Paginator
    from django.forms import BaseInlineFormSet as InlineFormSet
    from django.forms import ModelChoiceField, ModelForm

    class Select(forms.Select): ...

    class Switch(forms.CheckboxInput): ...

    class TextInput(forms.TextInput): ...

    class Textarea(forms.Textarea): ...

    def display[F: Callable[..., Any]](
        *,
        description: object = None,
        ordering: object = None,
        boolean: bool | None = None,
        label: bool | dict[str, str] | None = None,
        empty_value: str | None = None,
    ) -> Callable[[F], F]: ...

else:
    from unfold.admin import ModelAdmin as ThemedModelAdmin
    from unfold.admin import TabularInline as ThemedTabularInline
    from unfold.decorators import display
    from unfold.forms import PaginationInlineFormSet
    from unfold.views import ChangeList
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput
    from unfold.widgets import UnfoldBooleanSwitchWidget as Switch

    class ModelAdmin(ThemedModelAdmin):
        def __class_getitem__(cls, model):
            return cls

        def get_action_choices(
            self, request, default_choices=None, action_location=admin.ActionLocation.CHANGE_LIST
        ):
            # The theme's own override does not know Django 6.1's action_location yet.
            choices = default_choices or [("", _("Select action"))]
            return admin.ModelAdmin.get_action_choices(self, request, choices, action_location)

    class TabularInline(ThemedTabularInline):
        def __class_getitem__(cls, models):
            return cls

    class InlineFormSet(PaginationInlineFormSet):
        def __class_getitem__(cls, models):
            return cls

    class ModelChoiceField(forms.ModelChoiceField):
        def __class_getitem__(cls, model):
            return cls

    class ModelForm(forms.ModelForm):
        def __class_getitem__(cls, model):
            return cls

    class Paginator(paginator.Paginator):
        def __class_getitem__(cls, row):
            return cls


__all__ = [
    "ChangeList",
    "InlineFormSet",
    "ModelAdmin",
    "ModelChoiceField",
    "ModelForm",
    "Paginator",
    "Select",
    "Switch",
    "TabularInline",
    "TextInput",
    "Textarea",
    "display",
]
