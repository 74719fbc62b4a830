"""What the name of a file in a course folder says: `5-<uuid>-final.json` is a template, labelled 5."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from courses.course_folder.folders import Entry, shown

_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_LABELS = re.compile(r"(?:[0-9]{1,9}[-_. ]+)*")  # `10-10-` in front of a UUID
_LABEL = re.compile(r"[0-9]{1,9}(?![0-9])")
_BACKUP = re.compile(r"-backup\.[a-z]+$")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that carries a UUID, or a number in front, or both: `labels` are the numbers, in order.

    `alias`: what messages call it where its name is not for everybody's eyes.
    """

    entry: Entry
    labels: tuple[int, ...]
    uuid: UUID | None
    alias: str = ""

    @property
    def name(self) -> str:
        return self.alias or shown(self.entry.name)


def named_file(entry: Entry) -> NamedFile | None:
    """What the name carries; None where it has neither UUID nor number."""
    found = _UUID.search(entry.key)
    # The UUID first: one that starts with digits looks like a number.
    front = _LABELS.match(entry.key[: found.start()]) if found else _LABEL.match(entry.key)
    labels = tuple(int(digits) for digits in re.findall(r"[0-9]+", front[0])) if front else ()
    if not found and not labels:
        return None
    return NamedFile(entry, labels, UUID(found[0]) if found else None)


def transcripts(entries: Iterable[Entry]) -> list[NamedFile]:
    """The transcripts among a course folder's entries; a text that names no lesson is none."""
    return _named(entries, ".txt")


def templates(entries: Iterable[Entry]) -> list[NamedFile]:
    """The lesson templates among a course folder's entries, without their backups."""
    return _named(entries, "-final.json")


def personal_texts(entries: Iterable[Entry]) -> tuple[list[NamedFile], list[Entry]]:
    """A learner's texts among the entries of their folder, and the JSON files whose names tell no lesson."""
    files = [(entry, named_file(entry)) for entry in entries if _ends(entry, ".json")]
    return [file for _, file in files if file], [entry for entry, file in files if file is None]


def is_ignored(key: str) -> bool:
    """Whether a folder or file is none of a store's: backups, logs, what a file system puts there."""
    return key.startswith(("_", ".")) or key in ("logs", "lost+found")


def _named(entries: Iterable[Entry], ending: str) -> list[NamedFile]:
    return [file for entry in entries if _ends(entry, ending) and (file := named_file(entry))]


def _ends(entry: Entry, ending: str) -> bool:
    name = entry.key.casefold()
    return name.endswith(ending) and not (is_ignored(name) or _BACKUP.search(name))
