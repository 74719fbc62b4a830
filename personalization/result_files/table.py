"""A CSV file → its rows as texts, each with its line."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.errors import InvalidInput, Problem
from courses.strict_json import UNSTORABLE

LARGEST_FILE = 50 * 1024 * 1024  # bytes; 100,000 rows have about 7 MB
LONGEST_CELL = 1_000  # characters
DELIMITERS = (",", ";", "\t")
# A longer cell, with its quotation marks in order, would be told of as one that is not closed. The module has
# one limit for all its readers; no file is larger than this one.
csv.field_size_limit(LARGEST_FILE)
ALIASES = {"user_id": "user_identifier", "lesson_number": "lesson"}


@dataclass(frozen=True, slots=True)
class Columns:
    needed: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.needed, *self.optional)


@dataclass(frozen=True, slots=True)
class Row:
    """`cells`: known column → text without blanks around it; None → of some column that is not read."""

    line: int
    cells: dict[str | None, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


class Findings:
    """What is wrong with a file: problems by line, and warnings."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.warnings: list[Problem] = []
        self._problems: list[tuple[int, Problem]] = []

    def problem(self, line: int, message: str, column: str = "") -> None:
        where = _("line {line}").format(line=line) + (f", {column}" if column else "")
        self._problems.append((line, Problem(self.file, where, message)))

    def warn(self, message: str) -> None:
        self.warnings.append(Problem(self.file, "", message))

    def refuse(self, message: str, line: int | None = None) -> InvalidInput:
        """The file as a whole cannot be read."""
        where = "" if line is None else _("line {line}").format(line=line)
        return InvalidInput([Problem(self.file, where, message)])

    def problems(self, most: int) -> list[Problem]:
        """In the order of lines, at most so many and a line that says that there are more."""
        ordered = [problem for _line, problem in sorted(self._problems, key=lambda found: found[0])]
        if len(ordered) > most:
            more = _("and more: only the first {most} problems are told").format(most=most)
            ordered[most:] = [Problem(self.file, "", more)]
        return ordered


def read_rows(data: bytes, columns: Columns, findings: Findings) -> Iterator[Row]:
    """The rows below the header. What is wrong with a row goes to the findings, and the row is left out.

    Raises InvalidInput where the file as a whole cannot be read.
    """
    text = _decoded(data, findings)
    delimiter = max(DELIMITERS, key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = _names(next(reader, []), columns, findings)
        yield from _rows(reader, names, findings)
    except csv.Error:
        message = _("a quotation mark is opened and not closed, or stands within a cell")
        findings.problem(reader.line_num, message)


def _decoded(data: bytes, findings: Findings) -> str:
    if len(data) > LARGEST_FILE:
        message = _("is too large, at most {most} MB are read: split it")
        raise findings.refuse(message.format(most=LARGEST_FILE // 1024 // 1024))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise findings.refuse(_("is UTF-16: save it as CSV in UTF-8"))
    if data.startswith(b"PK\x03\x04"):
        raise findings.refuse(_("is a workbook or an archive: save it as CSV in UTF-8"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise findings.refuse(_("is not UTF-8: save it as CSV in UTF-8"), line) from error
    if found := UNSTORABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = _("holds the character {code}, which cannot be stored: remove it")
        raise findings.refuse(message.format(code=f"U+{ord(found[0]):04X}"), line)
    if not text.strip():
        raise findings.refuse(_("is empty: its first line must name the columns"))
    return text


def _names(header: Sequence[str], columns: Columns, findings: Findings) -> list[str | None]:
    """The column of each cell; None for one that is not read. Raises InvalidInput where some are missing."""
    plain = [cell.strip().casefold() for cell in header]
    names = [ALIASES.get(name, name) for name in plain]
    known = ", ".join(columns.known)
    problems = [*_header_problems(names, columns)]
    if problems:
        problems.append(_("columns are separated by comma, semicolon or tab; known: {known}"))
        where = _("line {line}").format(line=1)
        raise InvalidInput(Problem(findings.file, where, text.format(known=known)) for text in problems)
    if ignored := sum(name not in columns.known for name in names):
        # Not by name: whose file has no header names a learner there.
        text = ngettext("{count} column is not read", "{count} columns are not read", ignored)
        findings.warn(text.format(count=ignored))
    return [name if name in columns.known else None for name in names]


def _header_problems(names: Sequence[str], columns: Columns) -> Iterator[str]:
    for column in columns.known:
        near = get_close_matches(column, names, 1)
        if names.count(column) > 1:
            yield _("the column {column} stands there twice: keep one").format(column=column)
        elif column in columns.needed and column not in names and near:
            text = _("the column {column} is missing: is it {near}?")
            yield text.format(column=column, near=near[0].replace("{", "").replace("}", ""))
        elif column in columns.needed and column not in names:
            yield _("the column {column} is missing").format(column=column)
    if not {"lesson", "lesson_id"} & set(names):
        yield _("a column for the lesson is missing: lesson_id, or lesson (its number)")


def _rows(reader: Any, names: Sequence[str | None], findings: Findings) -> Iterator[Row]:
    line = reader.line_num + 1
    for raw in reader:
        cells = [cell.strip() for cell in raw]
        if any(cells):
            problem = _row_problem(cells, names)
            if problem:
                findings.problem(line, problem)
            else:
                yield Row(line, dict(zip(names, cells, strict=False)))
        line = reader.line_num + 1


def _row_problem(cells: Sequence[str], names: Sequence[str | None]) -> str | None:
    if len(cells) < len(names) or any(cells[len(names) :]):
        text = _("has {found} cells, the header has {expected}")
        return text.format(found=len(cells), expected=len(names))
    if max(map(len, cells)) > LONGEST_CELL:
        return _("has a cell of more than {most} characters").format(most=LONGEST_CELL)
    return None
