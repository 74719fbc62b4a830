"""Forms made from a format: a field per section, a list as one item per line. Nobody edits JSON."""

import hashlib
import json
from collections.abc import Iterator
from types import new_class
from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from courses.admin.lines import lines_of
from courses.admin.theme import ModelForm, Textarea
from courses.formats.definition import ORDER_KEY, Document, Format, Kind, Language, Section

PREFIX = "section_"


class SectionField(forms.CharField):
    """One section as lines of text. Cleaned: the text, or for a list the lines that say something."""

    def __init__(self, section: Section) -> None:
        super().__init__(required=False, widget=Textarea({"rows": 6 if section.kind is Kind.LIST else 3}))
        self.section = section

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        text = "\n".join(lines_of(super().clean(value)))
        if self.section.kind is Kind.TEXT:
            return text
        return [line.strip() for line in text.split("\n") if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and lines_of(self.prepare_value(initial)) != lines_of(data)


class SeenField(forms.CharField):
    """A hash of what the form was filled from, carried through the browser; never a change by itself."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SectionsForm(ModelForm[Any]):
    """Base of a model's form: `stored_document()` says what to edit, `document()` what to save.

    What was replaced after the page was opened is not taken for the person's own change: it is refused.
    """

    format: ClassVar[Format]
    seen = SeenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.original = self.stored_document()
        # Before the form's values are put into the row.
        self.initial["seen"] = hashed(self.stored_state())
        for name, field in self.section_fields():
            value = self.original.get(field.section.key)
            field.label = heading(field.section)
            field.help_text = hint(field.section, required=self.requires(field.section))
            field.disabled = not _editable(value)
            self.initial[name] = value if _editable(value) else _("(kept as it is)")

    def stored_document(self) -> Document:
        raise NotImplementedError

    def stored_state(self) -> list[Any]:
        """All that the form shows: when it is another by the time of saving, nothing is saved."""
        raise NotImplementedError

    def requires(self, section: Section) -> bool:
        """A new text needs all required sections; an old one may go on lacking what it lacks."""
        return section.required and (not self.original or bool(self.original.get(section.key)))

    def section_fields(self) -> Iterator[tuple[str, SectionField]]:
        # A person who may only look has no such fields.
        for name, field in self.fields.items():
            if isinstance(field, SectionField):
                yield name, field

    @property
    def sections_changed(self) -> bool:
        return any(name.startswith(PREFIX) for name in self.changed_data)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        stale = self.cleaned_data.get("seen") != self.initial["seen"]
        if stale and self.changed_data and not self.instance._state.adding:
            raise forms.ValidationError(changed_message(), code="stale")
        if self.sections_changed:
            for name, field in self.section_fields():
                if self.requires(field.section) and not field.disabled and not self.cleaned_data.get(name):
                    self.add_error(name, _("This section is required."))
        return cleaned

    def document(self) -> Document:
        """The stored document with the changed sections; everything else as it was, in its place."""
        changes = {
            field.section.key: self.cleaned_data[name]
            for name, field in self.section_fields()
            if name in self.changed_data
        }
        return with_sections(self.original, changes, self.format)


def sections_form(base: type[SectionsForm], fmt: Format) -> type[SectionsForm]:
    """The base form with a field for each section of the format."""
    fields = {PREFIX + section.key: SectionField(section) for section in fmt.sections}
    attributes = {"format": fmt, "__module__": base.__module__, **fields}
    form: type[SectionsForm] = new_class(
        base.__name__, (base,), exec_body=lambda body: body.update(attributes)
    )
    return form


def section_names(fmt: Format, document: Document) -> list[str]:
    """The fields to show, in order: a section that nobody writes any more only where the document has it."""
    return [PREFIX + section.key for section in fmt.sections if section.written or section.key in document]


def with_sections(document: Document, changes: Document, fmt: Format) -> Document:
    """The document with the changed sections; a new one is put where the format has it."""
    changed = {**document, **changes}
    order = document.get(ORDER_KEY)
    if not isinstance(order, list):
        known = [section.key for section in fmt.sections if section.key in changed]
        return {key: changed[key] for key in [*known, *(key for key in changed if key not in known)]}
    earlier = 0
    for section in fmt.sections:
        if section.key in order:
            earlier = order.index(section.key) + 1
        elif section.key in changes:
            order = [*order[:earlier], section.key, *order[earlier:]]
            earlier += 1
    return {**changed, ORDER_KEY: order}


def other_sections(document: Document, fmt: Format) -> Document:
    """What the form does not edit: keys that the format does not know."""
    known = {section.key for section in fmt.sections}
    return {key: value for key, value in document.items() if key not in known and key != ORDER_KEY}


def heading(section: Section) -> str:
    language = (get_language() or "").split("-")[0]
    return section.headings[Language(language) if language in list(Language) else Language.ENGLISH]


def hashed(state: list[Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()


def changed_message() -> str:
    """To reload would post the form again: the new text is a link, which leaves one's own words there."""
    return format_html(
        '{} <a href="" target="_blank">{}</a>',
        _("The text has changed since you opened it. Your words are still in the form below."),
        _("Open the new text in another tab."),
    )


def hint(section: Section, *, required: bool) -> str:
    """The writer's guidance in the interface language, and what the field itself wants."""
    hints = [_(section.guidance)] if section.guidance else []
    if section.kind is Kind.LIST:
        hints.append(_("One item per line."))
    hints.append(_("Required.") if required else _("Optional."))
    return " ".join(hints)


def _editable(value: object) -> bool:
    return (
        value is None
        or isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    )
