"""Writes a lesson's template into its course folder: what stood there stays beside it, as a backup."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Entry, Folder, shown
from courses.course_folder.names import templates
from courses.course_folder.store import list_courses, open_store
from courses.course_folder.writer import as_file
from courses.errors import InvalidInput
from courses.formats.definition import Document
from courses.formats.lesson import LESSON
from courses.formats.shapes import lesson_document, ordered_items
from courses.strict_json import FILE, JSONProblem, parse

MOST_BACKUPS = 1_000  # of one lesson, each with other words
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class StoreProblem(Exception):
    """The file could not be written, and the one that was there is as before. One line."""


def write_template(store: Path, slug: str, lesson: UUID, number: int, document: Document) -> bool:
    """Makes the lesson's template in the store say the document; False: it does already.

    The file is the one whose name carries the lesson's UUID, whatever number stands in front. What it said is
    kept as `…-final-backup.json` first; an older backup is never overwritten: with other words it stays, and
    the new one is numbered. At every moment the file is whole, the old one or the new one. Raises
    StoreProblem.

    Two at once for one lesson are the caller's to prevent.
    """
    with _course_folder(store, slug) as folder:
        name, old = _template(folder, lesson, number)
        if old is not None and _says(old, document):
            return False
        try:
            if old is not None:
                _back_up(folder.share(), name, old)
            content = as_file(dict(ordered_items(document, LESSON)), in_order=True)
            _replace(folder.share(), name, content)
        except OSError as error:
            raise StoreProblem(f"{folder.named(name)} cannot be written: {_reason(error)}") from error
    return True


def may_write(store: Path, slug: str) -> bool:
    """Whether this process may write the files of the course. Raises StoreProblem where it has no folder."""
    with _course_folder(store, slug) as folder:
        return os.access(".", os.W_OK, dir_fd=folder.share())


@contextmanager
def _course_folder(store: Path, slug: str) -> Iterator[Folder]:
    findings = Findings()
    try:
        with open_store(store, findings) as root:
            found = next((one for one in list_courses(root) if one.course and one.slug == slug), None)
            folder = root.folder(found.entry) if found else None
            if folder is None:
                raise StoreProblem(f"{shown(str(store))} has no folder of the course {slug!r}")
            with folder:
                yield folder
    except InvalidInput as error:
        raise StoreProblem(str(error)) from error


def _template(folder: Folder, lesson: UUID, number: int) -> tuple[str, bytes | None]:
    """The name of the lesson's file and what it holds; None: there is none yet."""
    files = [file for file in templates(folder.entries()) if file.uuid == lesson]
    if len(files) > 1:
        names = " and ".join(folder.named(file.entry.name) for file in files[:2])
        raise StoreProblem(f"{names} are both for this lesson: keep one of them")
    if not files:
        return f"{number}-{lesson}-final.json", None
    entry = files[0].entry
    return entry.name, _content(folder, entry)


def _content(folder: Folder, entry: Entry) -> bytes:
    data = folder.read(entry, FILE.size)
    if data is None:
        raise StoreProblem(str(folder.findings.problems[-1]))
    return data


def _says(data: bytes, document: Document) -> bool:
    """However the file is written. One that cannot be read says something else."""
    try:
        return lesson_document(parse(data, FILE, allow_bom=True)) == document
    except (JSONProblem, ValueError):
        return False


def _back_up(folder: int, name: str, old: bytes) -> None:
    stem = name[: -len(".json")]
    for number in count(1):
        backup = f"{stem}-backup.json" if number == 1 else f"{stem}-{number}-backup.json"
        try:
            _create(folder, backup, old, _mode(folder, name))
        except FileExistsError:
            # A kill may have left half of one: it is other words, and the next name is taken.
            if _same(folder, backup, old):
                return
            if number >= MOST_BACKUPS:
                raise
        else:
            return


def _same(folder: int, name: str, data: bytes) -> bool:
    """Whether that is a plain file with just these bytes."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        return stat.S_ISREG(status.st_mode) and status.st_size == len(data) and file.read() == data


def _replace(folder: int, name: str, data: bytes) -> None:
    """Written apart, on the disk, and only then under its name."""
    beginning = f".{name}."
    for left in os.listdir(folder):  # by a writer that was killed: nobody else writes this lesson's now
        if left.startswith(beginning) and left.endswith(".part"):
            os.unlink(left, dir_fd=folder)
    part = f"{beginning}{token_hex(8)}.part"
    _create(folder, part, data, _mode(folder, name))
    try:
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(part, dir_fd=folder)
        raise
    os.fsync(folder)


def _mode(folder: int, name: str) -> int:
    """Who may read the file, and its successor and backup after it."""
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return 0o666  # less what the process masks


def _create(folder: int, name: str, data: bytes, mode: int) -> None:
    """A new file with the data, on the disk; where that fails, none. Raises FileExistsError."""
    descriptor = os.open(name, _NEW, mode, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
