"""Reads below one folder and nowhere else: no link is followed, and what is no plain file is never opened."""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from courses.course_folder.findings import Findings
from courses.strict_json import FILE, JSONProblem, Limits, parse

MOST_ENTRIES = 99_999  # in one folder: 10,000 lessons with ten files each
CHUNK = 1024 * 1024  # bytes
# Without O_NONBLOCK a pipe put in the file's place since the listing would be waited for, for ever.
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

type Signature = tuple[int, int, int]  # inode, size in bytes, last change in nanoseconds


class Kind(StrEnum):
    FILE = "a file"
    FOLDER = "a folder"
    LINK = "a symbolic link, and links are not followed"
    OTHER = "neither a file nor a folder"


@dataclass(frozen=True, slots=True)
class Entry:
    """`name` as on disk; `key` the same in NFC, which is how names are compared."""

    name: str
    key: str
    kind: Kind


class Folder:
    """An open folder. `path` is for messages, relative to the store. What is refused goes to `findings`.

    Every access is relative to the folder's descriptor and without following links, so that a folder that is
    swapped for a link in the meantime leads nowhere either.
    """

    def __init__(
        self,
        descriptor: int,
        path: str,
        findings: Findings,
        name: str = "",
        seen: dict[str, Signature] | None = None,
    ) -> None:
        self._descriptor = descriptor
        self.path = path
        self.findings = findings
        self._name = name  # the path as on disk
        # Path → what the file was when it was read; shared by all folders of a store.
        self._seen = {} if seen is None else seen

    @classmethod
    def open_root(cls, path: Path, findings: Findings) -> Self:
        """The store itself, which may be reached through links. Raises OSError."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), "", findings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        os.close(self._descriptor)

    def telling(self, findings: Findings) -> "Folder":
        """The same folder, with what is refused going elsewhere; open as long as this one is."""
        return Folder(self._descriptor, self.path, findings, self._name, self._seen)

    def named(self, name: str) -> str:
        """The path of something in this folder, safe to print."""
        return f"{self.path}/{shown(name)}" if self.path else shown(name)

    def entries(self, most: int = MOST_ENTRIES) -> list[Entry]:
        """What the folder holds, by name; hidden files, such as those of macOS, are left out.

        More than `most` are a problem: that is no folder of a store but an accident.
        """
        with os.scandir(self._descriptor) as found:
            entries = [_entry(item) for item in islice(found, most)]
            if next(found, None):
                message = f"holds more than {most:,} files: move out what does not belong"
                self.findings.problem(self.path, message)
        return sorted((it for it in entries if not it.name.startswith(".")), key=lambda entry: entry.key)

    def plain_names(self) -> list[str] | None:
        """The names of the files, in order, where there is nothing but files of plain ASCII names.

        None otherwise: `entries` then tells what there is. This one takes a quarter of its time.
        """
        names = []
        with os.scandir(self._descriptor) as found:
            for item in found:
                name = item.name
                if not name.isascii() or name[0] == "." or not item.is_file(follow_symlinks=False):
                    return None
                names.append(name)
        return sorted(names) if len(names) <= MOST_ENTRIES else None

    def share(self) -> int:
        """The folder's descriptor, for a process that is to read in it too; it stays this object's."""
        return self._descriptor

    def folder(self, entry: Entry, findings: Findings | None = None, label: str = "") -> "Folder | None":
        """The subfolder, open; None, and a problem, where it is something else or may not be read.

        label: what messages call it where its name is not for everybody's eyes.
        """
        path = self.named(label or entry.name)
        findings = findings or self.findings
        if entry.kind is not Kind.FOLDER:
            findings.problem(path, f"is {entry.kind}: a folder is needed here")
            return None
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(entry.name, flags, dir_fd=self._descriptor)
        except OSError as error:
            findings.problem(path, _reason(error))
            return None
        return Folder(descriptor, path, findings, os.path.join(self._name, entry.name), self._seen)  # noqa: PTH118

    def refuse_changed(self) -> None:
        """A problem for each file that is no longer what was read of it: half of a store may be newer.

        Called on the store itself. Personal texts are left out: each stands for itself, and they are many.
        """
        for path, signature in self._seen.items():
            try:
                status = os.stat(path, dir_fd=self._descriptor, follow_symlinks=False)
            except OSError:
                status = None
            if status is None or _signature(status) != signature:
                self.findings.problem(shown(path), "changed while the import was reading: run it again")

    def read(self, entry: Entry, most: int, label: str = "") -> bytes | None:
        """The file's bytes, `most` of them at most; None, and a problem, where that cannot be had."""
        if entry.kind is not Kind.FILE:
            data, refusal = b"", f"is {entry.kind}: a file is needed here"
        else:
            data, refusal = self._content(entry.name, most, noted=not label)
        if refusal:
            self.findings.problem(self.named(label or entry.name), refusal)
        return None if refusal else data

    def read_json(
        self, entry: Entry, limits: Limits = FILE, show: Callable[[str], str] = str, label: str = ""
    ) -> dict[str, Any] | None:
        """The object in a JSON file; None, and all that is wrong with it, where there is none.

        show: makes a place in the file, a JSON pointer, fit for a message. label: as in `folder`.
        """
        data = self.read(entry, limits.size, label)
        return None if data is None else self.as_json(data, entry, limits, show, label)

    def as_json(
        self,
        data: bytes,
        entry: Entry,
        limits: Limits = FILE,
        show: Callable[[str], str] = str,
        label: str = "",
    ) -> dict[str, Any] | None:
        """The same from what `read` gave."""
        try:
            return parse(data, limits, allow_bom=True)
        except JSONProblem as error:
            for place, message in error.problems:
                self.findings.problem(self.named(label or entry.name), message, show(place))
        return None

    def chunks(self, entry: Entry, most: int) -> Iterator[bytes]:
        """A large file's bytes, a part at a time; none, or not all, where `read` would refuse it."""
        if entry.kind is not Kind.FILE:
            return
        with suppress(OSError):
            descriptor = os.open(entry.name, _READING, dir_fd=self._descriptor)
            try:
                status = os.fstat(descriptor)
                if stat.S_ISREG(status.st_mode) and status.st_size <= most:
                    self._note(entry.name, status)
                    yield from iter(lambda: os.read(descriptor, CHUNK), b"")
            finally:
                os.close(descriptor)

    def look(self, parts: Sequence[str]) -> tuple[Kind, int] | None:
        """What a relative path leads to, and its size in bytes; None where there is nothing."""
        first, *rest = parts
        found = self._status(first)
        if found is None:
            return None
        name, kind, size = found
        if not rest or kind is Kind.LINK:
            return kind, size
        folder = self.folder(Entry(name, name, kind), Findings()) if kind is Kind.FOLDER else None
        if folder is None:
            return None
        with folder:
            return folder.look(rest)

    def _status(self, name: str) -> tuple[str, Kind, int] | None:
        for form in dict.fromkeys([name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))]):
            with suppress(OSError, ValueError):
                status = os.stat(form, dir_fd=self._descriptor, follow_symlinks=False)
                return form, _kind(status.st_mode), status.st_size
        return None

    def _content(self, name: str, most: int, *, noted: bool) -> tuple[bytes, str]:
        """The bytes, or why they are refused."""
        try:
            descriptor = os.open(name, _READING, dir_fd=self._descriptor)
            try:
                status = os.fstat(descriptor)
                # The size first, so that a huge file is not read; then again, for one that grows.
                readable = stat.S_ISREG(status.st_mode) and status.st_size <= most
                data = _bytes(descriptor, status.st_size, most) if readable else b""
            finally:
                os.close(descriptor)
        except OSError as error:
            return b"", _reason(error)
        if not stat.S_ISREG(status.st_mode):
            return b"", "is no file any more"
        if noted:
            self._note(name, status)
        size = max(status.st_size, len(data))
        return (data, "") if size <= most else (b"", f"has {size:,} bytes, at most {most:,} are read")

    def _note(self, name: str, status: os.stat_result) -> None:
        self._seen.setdefault(os.path.join(self._name, name), _signature(status))  # noqa: PTH118


def pick(folder: Folder, entries: Iterable[Entry], name: str) -> Entry | None:
    """The entry of this name. One in other case is a problem: on some disks it is the same file."""
    alike = [entry for entry in entries if entry.key.casefold() == name]
    for entry in alike:
        if entry.key != name:
            folder.findings.problem(folder.named(entry.name), f"must be written {name}: rename or remove it")
    return next((entry for entry in alike if entry.key == name), None)


def without_twins(folder: Folder, entries: Iterable[Entry]) -> list[Entry]:
    """The entries, sorted, without those that are called like the one before: on some disks they are one."""
    found: list[Entry] = []
    for entry in entries:
        if found and found[-1].key == entry.key:
            message = "is there twice, in composed and decomposed letters: keep one"
            folder.findings.problem(folder.named(entry.name), message)
        else:
            found.append(entry)
    return found


def shown(name: str) -> str:
    """A name for a message: on one line, without control characters and broken Unicode."""
    text = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def _bytes(descriptor: int, size: int, most: int) -> bytes:
    """All bytes of a file, up to one more than `most`. `size`: what it said of itself."""
    # One call for nearly every file, with a buffer of its size: through a file object it takes four times as
    # long. The file's end is where less comes than was asked for.
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    parts = [data]
    while parts[-1] and (missing := most + 1 - sum(map(len, parts))) > 0:
        parts.append(os.read(descriptor, missing))
    return b"".join(parts)


def _entry(item: os.DirEntry[str]) -> Entry:
    if item.is_symlink():
        kind = Kind.LINK
    elif item.is_dir(follow_symlinks=False):
        kind = Kind.FOLDER
    else:
        kind = Kind.FILE if item.is_file(follow_symlinks=False) else Kind.OTHER
    return Entry(item.name, unicodedata.normalize("NFC", item.name), kind)


def _signature(status: os.stat_result) -> Signature:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _kind(mode: int) -> Kind:
    kinds = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
    return kinds.get(stat.S_IFMT(mode), Kind.OTHER)


def _reason(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
