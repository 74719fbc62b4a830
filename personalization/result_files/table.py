"""A CSV file → its rows as texts, each with its line."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from courses.course_folder.findings import Findings
from courses.errors import InvalidInput, Problem
from courses.strict_json import UNSTORABLE

LARGEST_FILE = 50 * 1024 * 1024  # bytes; 100,000 rows have about 7 MB
LONGEST_CELL = 1_000  # characters
DELIMITERS = (",", ";", "\t")
ALIASES = {"user_id": "user_identifier", "lesson_number": "lesson"}
SAVE_AS = "save it as CSV in UTF-8"


@dataclass(frozen=True, slots=True)
class Columns:
    needed: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.needed, *self.optional)


@dataclass(frozen=True, slots=True)
class Row:
    """`cells`: column → text without blanks around it, for each known column that the file has."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_rows(data: bytes, file: str, columns: Columns, findings: Findings) -> Iterator[Row]:
    """The rows below the header. What is wrong with a row goes to the findings, and the row is left out.

    Raises InvalidInput where the file as a whole cannot be read.
    """
    text = _decoded(data, file)
    header = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(header), strict=True)
    try:
        names = _names(next(reader, []), file, columns, findings)
        yield from _rows(reader, names, file, findings)
    except csv.Error as error:
        where = f"line {reader.line_num}"
        message = f"a quotation mark is opened and not closed, or stands within a cell ({error})"
        findings.problem(file, message, where)


def _decoded(data: bytes, file: str) -> str:
    if len(data) > LARGEST_FILE:
        most = f"{LARGEST_FILE // 1024 // 1024} MB"
        raise _refused(file, "", f"has {len(data):,} bytes, at most {most} are read: split it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused(file, "", f"is UTF-16: {SAVE_AS}")
    if data.startswith(b"PK\x03\x04"):
        raise _refused(file, "", f"is a workbook or an archive: {SAVE_AS}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refused(file, f"line {line}", f"is not UTF-8: {SAVE_AS}") from error
    if found := UNSTORABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise _refused(
            file, f"line {line}", f"holds U+{ord(found[0]):04X}, which cannot be stored: remove it"
        )
    if not text.strip():
        raise _refused(file, "", "is empty: its first line must name the columns")
    return text


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


def _names(header: Sequence[str], file: str, columns: Columns, findings: Findings) -> list[str | None]:
    """The column of each cell; None for one that is not read. Raises InvalidInput where some are missing."""
    plain = [cell.strip().casefold() for cell in header]
    names = [ALIASES.get(name, name) for name in plain]
    problems = []
    for column in columns.known:
        if names.count(column) > 1:
            problems.append(f"the column {column} stands there twice: keep one")
        elif column in columns.needed and column not in names:
            problems.append(f"the column {column} is missing{_nearest(column, names)}")
    if "lesson" in columns.known and not {"lesson", "lesson_id"} & set(names):
        problems.append("a column for the lesson is missing: lesson_id, or lesson (its number)")
    if problems:
        problems.append(
            f"columns are separated by comma, semicolon or tab; known: {', '.join(columns.known)}"
        )
        raise InvalidInput(Problem(file, "line 1", problem) for problem in problems)
    if ignored := sum(name not in columns.known for name in names):
        # Not by name: without a header this is the first learner.
        findings.warn(file, f"{ignored} columns are not read; known: {', '.join(columns.known)}", "line 1")
    return [name if name in columns.known else None for name in names]


def _nearest(column: str, names: Sequence[str]) -> str:
    near = get_close_matches(column, names, 1)
    return f": is it {near[0]!r}?" if near else ""


def _rows(reader: "csv._reader", names: Sequence[str | None], file: str, findings: Findings) -> Iterator[Row]:
    line = reader.line_num + 1
    for cells in reader:
        if any(map(str.strip, cells)):
            problem = _row_problem(cells, names)
            if problem:
                findings.problem(file, problem, f"line {line}")
            else:
                pairs = zip(names, cells, strict=False)
                yield Row(line, {name: cell.strip() for name, cell in pairs if name})
        line = reader.line_num + 1


def _row_problem(cells: Sequence[str], names: Sequence[str | None]) -> str | None:
    if len(cells) != len(names) and (len(cells) < len(names) or any(cells[len(names) :])):
        return f"has {len(cells)} cells, the header has {len(names)}"
    longest = max(map(len, cells))
    if longest > LONGEST_CELL:
        return f"has a cell of {longest:,} characters, at most {LONGEST_CELL:,} are read"
    return None


def _refused(file: str, place: str, message: str) -> InvalidInput:
    return InvalidInput([Problem(file, place, message)])
