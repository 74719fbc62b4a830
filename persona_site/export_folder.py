"""The folder of an export: written apart, then moved in file by file. What the export does not own stays."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from courses.errors import InvalidInput, Problem

MANIFEST = ".persona-export.json"  # a hidden file: the import passes it by


@contextmanager
def apart(target: Path) -> Iterator[Path]:
    """An empty hidden folder on the target's disk, gone at the end. Raises InvalidInput.

    Inside a target that is there: it may be a volume of its own, and its parent not ours to write to.
    """
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        place = target if target.is_dir() else target.parent
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def explained(target: Path) -> Iterator[None]:
    """A disk that is full or not to be written becomes one line."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise InvalidInput([Problem(str(target), "", f"cannot be written: {reason}")]) from error


def owned_files(target: Path, course: str, *, force: bool) -> set[str]:
    """The files of the earlier export that is there; raises InvalidInput where something else is."""
    if not target.exists():
        return set()
    if not target.is_dir():
        raise InvalidInput([Problem(str(target), "", "is a file: name a folder")])
    manifest = target / MANIFEST
    if manifest.is_file():
        owner, files = _manifest(manifest)
        if owner == course:
            return files
        if force:
            return set()  # of another course: not this export's to remove
        message = f"holds the export of the course {owner!r}: name another folder, or add --force"
    elif force or not any(not entry.name.startswith(".") for entry in target.iterdir()):
        return set()
    else:
        message = "is not empty and no earlier export: name another folder, or add --force"
    raise InvalidInput([Problem(str(target), "", message)])


def write(folder: Path, path: str, data: bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def move_in(folder: Path, target: Path, course: str, files: Iterable[str], owned: set[str]) -> int:
    """Moves the files into the target, and removes those that the earlier export had besides; what changed.

    Every file is whole at every moment. The manifest names both sets until the end, so that a run after a
    crash knows what is its own.
    """
    files = set(files)
    _refuse_links(target, files | owned)
    target.mkdir(exist_ok=True)
    if owned:
        _write_manifest(target, course, files | owned)
    changed = 0
    for path in sorted(files):
        source, place = folder / path, target / path
        if not (place.is_file() and place.read_bytes() == source.read_bytes()):
            place.parent.mkdir(parents=True, exist_ok=True)
            source.replace(place)
            changed += 1
    for path in sorted(owned - files):
        changed += _remove(target, path)
    _write_manifest(target, course, files)
    return changed


def _manifest(manifest: Path) -> tuple[str, set[str]]:
    try:
        data = json.loads(manifest.read_text("utf-8"))
        course, files = data["course"], data["files"]
        safe = all(isinstance(path, str) and _is_safe(path) for path in files)
    except (ValueError, KeyError, TypeError, OSError):
        safe = False
    if not safe:
        message = "is no list of files that an export wrote: restore it, or export to another folder"
        raise InvalidInput([Problem(str(manifest), "", message)])
    return str(course), set(files)


def _is_safe(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path


def _write_manifest(target: Path, course: str, files: set[str]) -> None:
    about = "Written by manage.py export_course: it replaces these files, and no others."
    data = {"about": about, "course": course, "files": sorted(files)}
    new = target / f"{MANIFEST}.new"
    new.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    new.replace(target / MANIFEST)


def _refuse_links(target: Path, files: set[str]) -> None:
    """A link in a folder's place leads out of the target, and a folder in a file's place is not ours."""
    places = {parent for path in files for parent in (target / path).parents if parent != target.parent}
    below = sorted(place for place in places if place.is_relative_to(target) and place != target)
    problems = [
        Problem(str(place), "", "is a link or a file, and a folder is needed here: remove it")
        for place in below
        if place.is_symlink() or (place.exists() and not place.is_dir())
    ]
    problems += [
        Problem(str(target / path), "", "is a folder, and a file is needed here: remove it")
        for path in sorted(files)
        if (target / path).is_dir() and not (target / path).is_symlink()
    ]
    if problems:
        raise InvalidInput(problems)


def _remove(target: Path, path: str) -> int:
    place = target / path
    if not (place.is_file() or place.is_symlink()):
        return 0
    place.unlink()
    for parent in place.parents:
        if parent == target or any(parent.iterdir()):
            break
        parent.rmdir()
    return 1
