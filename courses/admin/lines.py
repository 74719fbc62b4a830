"""Texts of several lines, as browsers send them: with CR LF for each line end, which alone is no change."""

import re
from typing import Any

from django import forms

from courses.admin.theme import Textarea


class LinesField(forms.CharField):
    """A transcript that came back with other line ends would make all texts of its lesson stale."""

    def to_python(self, value: Any) -> Any:
        return "\n".join(lines_of(super().to_python(value)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and lines_of(initial) != lines_of(data)


def several_lines(rows: int) -> dict[str, Any]:
    """What a model field of several lines wants of its form field."""
    return {"form_class": LinesField, "widget": Textarea({"rows": rows})}


def lines_of(value: object) -> list[str]:
    return [line.rstrip() for line in re.split("\r\n|\r|\n", str(value or "").strip())]
