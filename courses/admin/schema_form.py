"""Forms made from a format: a field per section, a list as one item per line. Nobody edits JSON."""

import json
from collections.abc import Iterator
from types import new_class
from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from courses.admin.editing.guidance import guidance
from courses.admin.editing.items import MARK, items_from, lines_from
from courses.admin.editing.shared_form import SharedForm
from courses.admin.lines import lines_of
from courses.admin.theme import Textarea
from courses.formats.definition import ORDER_KEY, Document, Format, Kind, Language, Section
from courses.rendering import humanised

PREFIX = "section_"


class SectionField(forms.CharField):
    """One section as lines of text. Cleaned: the text, or for a list the items that say something."""

    def __init__(self, section: Section) -> None:
        super().__init__(required=False, widget=Textarea({"rows": 6 if section.kind is Kind.LIST else 3}))
        self.section = section

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return lines_from(value) if self.section.kind is Kind.LIST else "\n".join(value)

    def clean(self, value: Any) -> Any:
        text = "\n".join(lines_of(super().clean(value)))
        return text if self.section.kind is Kind.TEXT else items_from(text)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and lines_of(self.prepare_value(initial)) != lines_of(data)


class SectionsForm(SharedForm):
    """Base of a model's form: `stored_document()` says what to edit, `document()` what to save."""

    format: ClassVar[Format]

    class Media:
        js = ("courses/counting.js", "courses/item_list.js", "courses/preview.js")

    def prepare(self) -> None:
        self.original = self.stored_document()
        for name, field in self.section_fields():
            value = self.original.get(field.section.key)
            field.label = heading(field.section)
            field.help_text = hint(field.section, value, required=self.requires(field.section))
            field.disabled = not _editable(value)
            field.widget.attrs["data-editor"] = guidance(field.section, str(field.label))
            self.initial[name] = value if _editable(value) else _("(kept as it is)")

    def stored_document(self) -> Document:
        raise NotImplementedError

    def posted_texts(self) -> dict[str, str]:
        # Sections of the person's form that the new version does not have, too.
        sections = {name: str(text or "") for name, text in self.data.items() if name.startswith(PREFIX)}
        return sections | super().posted_texts()

    def stored_texts(self) -> dict[str, str]:
        texts = {PREFIX + key: self._text(key, value) for key, value in self.original.items()}
        texts.pop(PREFIX + ORDER_KEY, None)
        return self.stored_columns() | texts

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

    def draft(self) -> Document:
        """The document as the form has it now, complete or not, for the preview."""
        changes = {
            field.section.key: field.clean(self.data.get(name))
            for name, field in self.section_fields()
            if name in self.data and field.has_changed(self.initial.get(name), self.data.get(name))
        }
        return with_sections(self.original, changes, self.format)

    def label_of(self, name: str) -> str:
        key = name.removeprefix(PREFIX)
        section = self.format.section(key)
        if name in self.fields:
            return super().label_of(name)
        return heading(section) if section else humanised(key)

    def _text(self, key: str, value: Any) -> str:
        """A section's value as the form shows it, or where it shows none as one text to compare."""
        field = self.fields.get(PREFIX + key)
        if isinstance(field, SectionField) and _editable(value):
            return str(field.prepare_value(value) or "")
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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


def hint(section: Section, value: object, *, required: bool) -> SafeString:
    """The writer's guidance in the interface language, and what the field itself wants."""
    lines = ""
    if section.kind is Kind.LIST:
        lines = _("One item per line.")
        if isinstance(value, list) and any("\n" in str(item) for item in value):
            lines += " " + _("A line that begins with {mark} goes on with the item above.").format(mark=MARK)
    # The script takes the part away that is about the plain lines.
    return format_html(
        "{} <span data-plain>{}</span> {}",
        _(section.guidance) if section.guidance else "",
        lines,
        _("Required.") if required else _("Optional."),
    )


def _editable(value: object) -> bool:
    return (
        value is None
        or isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    )
