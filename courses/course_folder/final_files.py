"""Writes a lesson's template into its course folder: what stood there stays beside it, as a backup."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Entry, Folder, shown
from courses.course_folder.matching import Outcome, match
from courses.course_folder.names import NamedFile, templates
from courses.course_folder.reader import read_course
from courses.course_folder.schemas.lesson import LessonFile
from courses.course_folder.store import ListedCourse, list_courses, open_store
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


class StoreBusy(StoreProblem):
    """The same, and it may pass by itself: a full disk, a network's file system that was away."""


_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.EIO, errno.EAGAIN, errno.ETIMEDOUT, errno.EINTR}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}  # file systems without hard links


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows, asked only where it matters.

    said: whether the lesson's description ever said that, by an import, an editor or a model. elsewhere: the
    ids of lessons of other courses; a file that carries one is never taken by its number.
    """

    said: Callable[[Document], bool]
    elsewhere: Callable[[], Container[UUID]]


def write_template(
    store: Path, slug: str, lesson: UUID, number: int, words: Callable[[], Document | None], known: Known
) -> bool | None:
    """Makes the lesson's template in the store say these words; False: it does already.

    `words`: what the file is to say at this moment; None: nothing any more, and nothing is written. They are
    asked for when nobody else writes into the folder, and again when the file is there: who brings newer
    ones meanwhile finds them in it.

    The file is the one that the import takes. One that says what the database never said was changed since
    the last import, and is left alone. What it said is kept as `…-final-backup.json` first; an older backup
    is never overwritten: with other words it stays, and the new one is numbered. At every moment the file is
    whole, the old one or the new one. Raises StoreProblem.
    """
    written = False
    with _course_folder(store, slug) as (folder, course), _turn(folder.share()):
        while (document := words()) is not None:
            name, old = _template(folder, course, lesson, number, known)
            if not _written(folder, name, old, document, known):
                return written
            written = True
    return written or None


def _written(folder: Folder, name: str, old: bytes | None, document: Document, known: Known) -> bool:
    """Whether the file had to be written."""
    content = as_file(dict(ordered_items(document, LESSON)), in_order=True)
    if old is not None:
        said = _document(old)
        if said == _document(content):  # not `document`: reading takes the stars off a last line
            return False
        if said is None or (said and not known.said(said)):
            raise StoreProblem(f"{folder.named(name)} was changed since the last import: import it first")
    try:
        if old is not None:
            _back_up(folder.share(), name, old)
        _replace(folder.share(), name, content)
    except OSError as error:
        problem = StoreBusy if error.errno in _PASSING else StoreProblem
        raise problem(f"{folder.named(name)} cannot be written: {_reason(error)}") from error
    return True


@contextmanager
def _turn(folder: int) -> Iterator[None]:
    """One writer at a time. It ends with the process, however that dies.

    Where a network's file system locks no folders, two may write the same file at once: each asks for the
    words again when it is through, and the last one sees the newest.
    """
    with suppress(OSError):
        fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_UN)


def may_write(store: Path, slug: str) -> bool:
    """Whether this process may write the files of the course. Raises StoreProblem where it has no folder."""
    with _course_folder(store, slug) as (folder, _):
        return os.access(".", os.W_OK, dir_fd=folder.share())


def described_lessons(store: Path, slug: str) -> frozenset[int]:
    """The numbers of lessons whose lesson.json holds a description, too. Raises StoreProblem."""
    with _course_folder(store, slug) as (folder, course):
        return frozenset(one.number for one in _lessons(folder, course) if one.description)


@contextmanager
def _course_folder(store: Path, slug: str) -> Iterator[tuple[Folder, ListedCourse]]:
    findings = Findings()
    try:
        with open_store(store, findings) as root:
            listed = list_courses(root)
            found = [one for one in listed if one.course and one.slug == slug]
            for broken in (one for one in listed if not found and one.slug == slug):
                _refuse_problems(broken.findings)
            _refuse_problems(findings)
            if len(found) > 1:
                names = " and ".join(shown(one.entry.name) for one in found[:2])
                raise StoreProblem(f"{shown(str(store))}: {names} both have the slug {slug!r}: change one")
            folder = root.folder(found[0].entry) if found else None
            if folder is None:
                raise StoreProblem(f"{shown(str(store))} has no folder of the course {slug!r}")
            with folder:
                yield folder, found[0]
    except InvalidInput as error:
        raise StoreProblem(str(error)) from error


def _refuse_problems(findings: Findings) -> None:
    """Of a folder of which not everything was read, nobody knows which file is whose."""
    if findings.problems:
        raise StoreProblem(str(findings.problems[0]))


def _template(
    folder: Folder, course: ListedCourse, lesson: UUID, number: int, known: Known
) -> tuple[str, bytes | None]:
    """The name of the lesson's file and what it holds; None: there is none yet."""
    files = templates(folder.entries())
    _refuse_problems(folder.findings)
    mine = [file for file in files if file.uuid == lesson] or _by_number(
        folder, course, files, lesson, number, known
    )
    if len(mine) > 1:
        names = " and ".join(folder.named(file.entry.name) for file in mine[:2])
        raise StoreProblem(f"{names} are both for this lesson: keep one of them")
    if not mine:
        return f"{number}-{lesson}-final.json", None
    return mine[0].entry.name, _content(folder, mine[0].entry)


def _by_number(
    folder: Folder, course: ListedCourse, files: list[NamedFile], lesson: UUID, number: int, known: Known
) -> list[NamedFile]:
    """The files that the import takes for the lesson though they do not carry its UUID: by their numbers."""
    if not files:
        return []
    numbers = {one.id: one.number for one in _lessons(folder, course) if one.id}
    numbers.setdefault(lesson, number)
    found = match(files, numbers, known.elsewhere())
    mine = found.files.get(lesson)
    twice = [it.file for it in found.remarks if it.outcome is Outcome.TWICE and it.lesson == numbers[lesson]]
    return [mine, *twice] if mine else []


def _lessons(folder: Folder, course: ListedCourse) -> tuple[LessonFile, ...]:
    """Those that can be read: what is wrong with the others is the import's to say."""
    findings, folder.findings = folder.findings, Findings()
    try:
        return read_course(folder, course.entry, course.course).lessons
    finally:
        folder.findings = findings


def _content(folder: Folder, entry: Entry) -> bytes:
    data = folder.read(entry, FILE.size)
    if data is None:
        raise StoreProblem(str(folder.findings.problems[-1]))
    return data


def _document(data: bytes) -> Document | None:
    """What the file says, however it is written; None where it cannot be read."""
    try:
        return lesson_document(parse(data, FILE, allow_bom=True))
    except (JSONProblem, ValueError):
        return None


def _back_up(folder: int, name: str, old: bytes) -> None:
    """Written apart, on the disk, and only then under its name: no backup is ever half of one."""
    stem = name[: -len(".json")]
    part = _part(folder, name, old)
    try:
        for number in count(1):
            backup = f"{stem}-backup.json" if number == 1 else f"{stem}-{number}-backup.json"
            try:
                _named(folder, part, backup)
            except FileExistsError:
                if _same(folder, backup, old):
                    return
                if number >= MOST_BACKUPS:
                    raise
            else:
                os.fsync(folder)
                return
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=folder)


def _named(folder: int, part: str, name: str) -> None:
    """Gives the file that name, too. Raises FileExistsError where there is one."""
    try:
        os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if name in os.listdir(folder):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)


def _same(folder: int, name: str, data: bytes) -> bool:
    """Whether that is a plain file with just these bytes."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        return stat.S_ISREG(status.st_mode) and status.st_size == len(data) and file.read() == data


def _replace(folder: int, name: str, data: bytes) -> None:
    """Written apart, on the disk, and only then under its name."""
    part = _part(folder, name, data)
    try:
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(part, dir_fd=folder)
        raise
    os.fsync(folder)


def _part(folder: int, name: str, data: bytes) -> str:
    """The name of a hidden file with the data."""
    beginning = f".{name}."
    for left in os.listdir(folder):  # by a writer that was killed: nobody else writes this lesson's now
        if left.startswith(beginning) and left.endswith(".part"):
            os.unlink(left, dir_fd=folder)
    part = f"{beginning}{token_hex(8)}.part"
    _create(folder, part, data, _mode(folder, name))
    return part


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
