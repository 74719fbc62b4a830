"""JSON columns for people: headings and values, never braces."""

from collections.abc import Callable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from courses.formats.definition import Document
from courses.rendering import RenderedSection, humanised, says_something, shape_of

NOTHING = "–"


def readable(data: object, labels: Mapping[str, Any] | None = None) -> SafeString | str:
    """Any JSON value as HTML, escaped; a dash where nothing is said.

    Keys with a label come first, in the labels' order; others follow under their humanised key.
    """
    if not says_something(data):
        return NOTHING
    values = data if isinstance(data, dict) else {_("Value"): data}
    known = {key: values[key] for key in labels or {} if key in values}
    sections = [
        RenderedSection(
            key, str((labels or {}).get(key) or humanised(key)), value, shape_of(value), safety=False
        )
        for key, value in {**known, **values}.items()
        if says_something(value)
    ]
    return render_to_string("admin/courses/readable.html", {"sections": sections})


def as_document(convert: Callable[[Any], Document], data: Any) -> Document:
    """The stored JSON in canonical keys; what is no document at all is kept under a key of its own."""
    try:
        return convert(data)
    except ValueError:
        return {"content": data}
