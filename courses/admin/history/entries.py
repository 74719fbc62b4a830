"""A version in parts that a person knows: columns by their names, documents by their headings."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from courses.admin.history.compare import Entry
from courses.admin.readable import as_document
from courses.admin.schema_form import heading
from courses.formats.definition import Document, Format
from courses.formats.lesson import LESSON
from courses.formats.shapes import lesson_document, ordered_items
from courses.history.triggers import kept_columns
from courses.models import Lesson, LessonAsset, LessonDescription
from courses.rendering import humanised, says_something
from courses.services.history.versions import Version

type Documents = Mapping[str, Callable[[Any], list[Entry]]]
"""Column → what makes parts of its value."""


def row_entries(
    model: type[models.Model], values: Mapping[str, Any], documents: Documents, hidden: frozenset[str]
) -> list[Entry]:
    """The columns of a row, in the model's order, without the hidden ones."""
    kept = set(kept_columns(model)) - hidden
    found: list[Entry] = []
    for field in model._meta.concrete_fields:
        value = values.get(str(field.column))
        if field.column not in kept or value is None:
            continue
        if field.column in documents:
            found += documents[field.column](value)
        elif isinstance(field, models.JSONField):
            found += json_entries(field.column, value, {})
        else:
            name = str(capfirst(field.verbose_name))
            found.append(Entry(field.column, name, _plain(field, value)))
    return found


def json_entries(column: str, value: Any, labels: Mapping[str, Any]) -> list[Entry]:
    """Any JSON value: an object by its keys, with their labels where they have one."""
    values = value if isinstance(value, dict) else {"": value}
    pairs = {**{key: values[key] for key in labels if key in values}, **values}
    return [
        Entry(f"{column}.{key}", str(labels.get(key) or humanised(key) or _("Value")), _said(item))
        for key, item in pairs.items()
        if says_something(item)
    ]


def document_entries(column: str, document: Document, fmt: Format) -> list[Entry]:
    """A description or personal text: its sections in order, under the format's headings."""
    found = []
    for key, value in ordered_items(document, fmt):
        section = fmt.section(key)
        if says_something(value):
            found.append(
                Entry(f"{column}.{key}", heading(section) if section else humanised(key), _said(value))
            )
    return found


def lesson_entries(version: Version) -> list[Entry]:
    """The lesson, its description and its assets."""
    own = row_entries(Lesson, version.row(Lesson), {}, frozenset({"course_id"}))
    described = version.row(LessonDescription)
    document = as_document(lesson_document, described["data"]) if described else {}
    assets = sorted(map(_asset, (values for _id, values in version.rows(LessonAsset))))
    listed = [Entry("assets", _("Assets"), assets)] if assets else []
    return [*own, *document_entries("data", document, LESSON), *listed]


def _asset(values: Mapping[str, Any]) -> str:
    more = _text(values["metadata"]) if says_something(values["metadata"]) else ""
    return "\n".join(filter(None, [f"{values['asset_type']}: {values['url']}", more]))


def _plain(field: Any, value: Any) -> str:
    if isinstance(field, models.DateTimeField) and (moment := parse_datetime(str(value))):
        return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return str(dict(field.flatchoices).get(value, value))


def _said(value: Any) -> str | list[str]:
    """A list item by item, anything else as a text."""
    return list(map(_text, filter(says_something, value))) if isinstance(value, list) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{humanised(key)}: {_text(item)}" for key, item in value.items())
    return "\n".join(_lines(value)) if isinstance(value, list) else str(value)


def _lines(values: list[Any]) -> Iterator[str]:
    return (_text(item) for item in values if says_something(item))
