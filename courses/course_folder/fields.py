"""Reads the fields of one JSON object and says of each what is wrong with it."""

import difflib
import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.wording import has_working_marks, line_problem, tidy
from courses.formats.losses import Comparison

HIGHEST_NUMBER = 1_000_000
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Fields:
    """`file` and `pointer` say where the object stands; problems and warnings go to `findings`."""

    def __init__(self, data: dict[str, Any], file: str, findings: Findings, pointer: str = "") -> None:
        self.data = data
        self._file = file
        self._findings = findings
        self.pointer = pointer

    def problem(self, key: str, message: str) -> None:
        self._findings.problem(self._file, message, f"{self.pointer}/{key}")

    def warn(self, key: str, message: str) -> None:
        self._findings.warn(self._file, message, f"{self.pointer}/{key}")

    def count(self, comparison: Comparison, key: str) -> None:
        """A converted document, for the report of what was read."""
        self._findings.count(comparison, self._file, f"{self.pointer}/{key}" if key else self.pointer)

    def line(self, key: str, most: int) -> str | None:
        """A text of one line; None, and a problem, where there is none."""
        value = self.data.get(key)
        if value is None:
            found: str | None = "is missing: write a text"
        elif not isinstance(value, str):
            found = f"must be a text, found {kind(value)}"
        else:
            found = line_problem(value, most)
        if found:
            self.problem(key, found)
        return tidy(value) if isinstance(value, str) and not found else None

    def title(self, key: str, most: int) -> str:
        """A title, empty only where a problem with it was found; one with working marks is warned of."""
        title = self.line(key, most) or ""
        if has_working_marks(title):
            self.warn(key, f"looks unfinished: {described(title)}")
        return title

    def text(self, key: str, most: int) -> str | None:
        """A text of any lines: None where the key is missing, empty where it is null."""
        if key not in self.data:
            return None
        value = "" if self.data[key] is None else self.data[key]
        if not isinstance(value, str):
            self.problem(key, f"must be a text, found {kind(value)}")
            return None
        if len(value) > most:
            self.problem(key, f"has {len(value):,} characters, at most {most:,} are allowed")
        return value

    def number(self, key: str) -> int | None:
        """A lesson's number; None, and a problem, where there is none."""
        value = self.data.get(key)
        found = number_problem(value)
        if found:
            self.problem(key, found)
        return value if isinstance(value, int) and not found else None

    def uuid(self, key: str) -> UUID | None:
        """A UUID, or None; a problem where it is something else."""
        value = self.data.get(key)
        found = as_uuid(value)
        if value is not None and found is None:
            self.problem(key, f"must be a UUID, found {described(value)}")
        return found

    def objects(self, key: str) -> list["Fields"]:
        """The objects in a list; empty where the key is missing. What is no object is a problem."""
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(key, f"must be a list, found {kind(value)}")
            return []
        for place, item in enumerate(value):
            if not isinstance(item, dict):
                self.problem(f"{key}/{place}", f"must be an object {{…}}, found {kind(item)}")
        return [
            Fields(item, self._file, self._findings, f"{self.pointer}/{key}/{place}")
            for place, item in enumerate(value)
            if isinstance(item, dict)
        ]

    def warn_of_slips(self, known: Collection[str]) -> None:
        """Unknown keys are kept; one that looks like a known key which is missing may be a slip."""
        missing = [name for name in known if name not in self.data]
        for key in (key for key in self.data if key not in known):
            # 0.8: one letter of five wrong, or two that changed places
            near = difflib.get_close_matches(key, missing, n=1, cutoff=0.8) if len(key) > 4 else []
            if near:
                self.warn(described(key)[1:-1], f"is kept, but not read: is {near[0]!r} meant?")


def number_problem(value: object) -> str | None:
    """Why this is no lesson's number; None: it is one."""
    wanted = f"a whole number from 1 to {HIGHEST_NUMBER:,}"
    if value is None:
        return f"is missing: write {wanted}"
    if isinstance(value, bool) or not isinstance(value, int):
        return f"must be {wanted}, found {described(value)}"
    return None if 1 <= value <= HIGHEST_NUMBER else f"must be {wanted}, found {value}"


def as_uuid(value: object) -> UUID | None:
    """The UUID in its usual form with four hyphens; None for anything else."""
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None


def described(value: object) -> str:
    """A value for a message: short, on one line."""
    text = repr(value) if isinstance(value, str | int | float) else kind(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def kind(value: object) -> str:
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "null" if value is None else "an object")
