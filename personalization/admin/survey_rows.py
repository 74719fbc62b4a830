"""The form of a page with rows of a survey (questions, or options) that several people edit.

Each field of a row counts by itself: dragging one row gives all of them another place, and that says nothing
of their words.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.http import QueryDict
from django.utils.text import capfirst

from courses.admin.editing.marks import mark, marks, seen
from courses.admin.editing.rows import Row, has_rows, posted_rows, row_name, with_rows
from courses.admin.editing.shared_form import NOTHING_SEEN, TAKEN, SharedForm

PLACE = "position"


class RowsForm(SharedForm):
    """`rows_model`: of the rows; `rows_of`: its key to the page's row; `rows_prefix`: of their formset.

    `row_fixed` never changes once a row is there: a browser sends it of new rows only.
    """

    rows_model: ClassVar[type[models.Model]]
    rows_of: ClassVar[str]
    rows_prefix: ClassVar[str]
    row_fixed: ClassVar[str]
    row_fields: ClassVar[tuple[str, ...]]

    def stored_columns(self) -> dict[str, str]:
        if self.instance._state.adding:
            return {}
        rows = self.stored_rows(self.instance)
        return super().stored_columns() | {self.rows_prefix: self._said(rows)} | self._fields_of(rows)

    def posted_texts(self) -> dict[str, str]:
        texts = super().posted_texts()
        if has_rows(self.data, self.rows_prefix, "label_ru"):
            stored = self.stored_rows(self.instance)
            texts[self.rows_prefix] = self._said(
                [self._named(row, stored) for row in self.posted_rows(self.data)]
            )
        return texts

    def _has(self, name: str) -> bool:
        return name == self.rows_prefix or super()._has(name)

    def label_of(self, name: str) -> str:
        rows = capfirst(str(self.rows_model._meta.verbose_name_plural))
        return rows if name == self.rows_prefix else super().label_of(name)

    @classmethod
    def stored_rows(cls, obj: models.Model) -> list[Row]:
        """Those that there are now, as a browser would send them, and each with what is fixed."""
        rows = cls.rows_model._base_manager.filter(**{cls.rows_of: obj.pk}).order_by(PLACE, cls.row_fixed)
        names = (cls.row_fixed, *cls.row_fields)
        return [
            {"id": str(row.pk), "DELETE": "", **{name: _sent(getattr(row, name)) for name in names}}
            for row in rows
        ]

    @classmethod
    def posted_rows(cls, data: Mapping[str, Any]) -> list[Row]:
        return posted_rows(data, cls.rows_prefix, (cls.row_fixed, *cls.row_fields))

    @classmethod
    def rows_on_top(cls, data: QueryDict, obj: models.Model) -> QueryDict:
        """The posted form; where rows have changed since it was opened, with those that there are now."""
        before, stored = seen(str(data.get("seen") or "")), cls.stored_rows(obj)
        was = {name: text for name, text in before.items() if name.startswith(row_name(cls.rows_prefix, ""))}
        taken = cls.rows_prefix in data.getlist(TAKEN)
        changed = seen(marks(cls._fields_of(stored))) != was
        if not (taken or changed) or not has_rows(data, cls.rows_prefix, "label_ru"):
            return data
        posted = [] if taken else cls.posted_rows(data)
        mine = {row["id"]: row for row in posted if row["id"]}
        rows = [cls._merged(row, mine[row["id"]], before) if row["id"] in mine else row for row in stored]
        added = [{**row, "id": ""} for row in posted if cls._is_new(row, stored, before)]
        return with_rows(data, cls.rows_prefix, [*rows, *added], len(rows))

    @classmethod
    def _merged(cls, now: Row, mine: Row, before: dict[str, str]) -> Row:
        own = {name: mine[name] for name in cls.row_fields if cls._changed(mine, name, before)}
        return {**now, **own, "DELETE": mine["DELETE"]}

    @classmethod
    def _is_new(cls, row: Row, stored: list[Row], before: dict[str, str]) -> bool:
        """Whether the person added the row and it is not there yet, or changed one that is gone by now."""
        words = [name for name in cls.row_fields if name != PLACE]
        if row["DELETE"] or row["id"] in {one["id"] for one in stored}:
            return False
        if row["id"]:
            return any(cls._changed(row, name, before) for name in words)
        names = (cls.row_fixed, *words)
        return cls._twin(row, stored) is None and any(row[name].strip() for name in names)

    @classmethod
    def _named(cls, row: Row, stored: list[Row]) -> Row:
        """The posted row with what is fixed in it; a new one that is there by now as it is there."""
        if not row["id"]:
            return cls._twin(row, stored) or row
        fixed = next((one[cls.row_fixed] for one in stored if one["id"] == row["id"]), "")
        return {**row, cls.row_fixed: fixed}

    @classmethod
    def _twin(cls, row: Row, stored: list[Row]) -> Row | None:
        """The same row as it is there by now: a second click on Save sends a new one again."""
        names = [name for name in (cls.row_fixed, *cls.row_fields) if name != PLACE]
        return next((one for one in stored if all(one[name] == row[name].strip() for name in names)), None)

    @classmethod
    def _changed(cls, row: Row, name: str, before: dict[str, str]) -> bool:
        return mark(row[name]) != before.get(_field_name(cls.rows_prefix, row["id"], name), NOTHING_SEEN)

    @classmethod
    def _fields_of(cls, rows: list[Row]) -> dict[str, str]:
        # What is fixed marks that the row is there, however little it says.
        names = (cls.row_fixed, *cls.row_fields)
        return {_field_name(cls.rows_prefix, row["id"], name): row[name] for row in rows for name in names}

    @classmethod
    def _said(cls, rows: list[Row]) -> str:
        """For people: a line for each row, in order."""
        names = [cls.row_fixed, *(name for name in cls.row_fields if name != PLACE)]
        left = [row for row in rows if not row["DELETE"] and any(row[name].strip() for name in names)]
        return "\n".join(map(cls._line, sorted(left, key=lambda row: (_place(row), row[cls.row_fixed]))))

    @classmethod
    def _line(cls, row: Row) -> str:
        fields: dict[str, Any] = {name: cls.rows_model._meta.get_field(name) for name in cls.row_fields}
        words = [
            str(fields[name].verbose_name) if row[name] == "on" else row[name].strip()
            for name in cls.row_fields
            if name != PLACE and row[name].strip()
        ]
        return f"{_place(row)}. {row[cls.row_fixed]}: {'; '.join(words)}"


def _field_name(prefix: str, pk: str, name: str) -> str:
    return f"{row_name(prefix, pk)}:{name}"


def _sent(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _place(row: Row) -> int:
    """Of what is no number it is said where it stands."""
    text = row[PLACE].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
