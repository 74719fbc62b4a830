"""Seeded damage to a small store: one to three of its files, each in one of many ways."""

import json
import os
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from tests.builders import DESCRIPTION
from tests.store_builder import StoreBuilder, lesson_id

VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1,
        2,
        3.5,
        1e9,
        2**31,
        "",
        " ",
        "3",
        "й",
        "и\u0306",
        "a\nb",
        "\x07",
        "\u202e",
        "\U000e0041",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        {"": ""},
        "x" * 600,
        "../x",
        "/etc/passwd",
        "javascript:x",
        "http://127.1/",
        "a@b.c",
    ),
    *(
        str(lesson_id(1)),
        str(lesson_id(2)),
        str(lesson_id(9)),
        {"a": {"b": ["c", {"d": 1}]}},
        "{{ x }}",
        "yoga",
    ),
]
TEXTS = ["NaN", "\\ud800", "\\u0000", "}", ",", '"', "[" * 30, "1" * 40, "\ufeff", "\x00", "é", "//", "'"]
NAMES = [
    "course.json",
    "Course.json",
    "lessons",
    "1.txt",
    "x",
    "и\u0306",
    "2-final.json",
    "_x",
    "a\nb",
    "\udcff",
]


def build(path: Path) -> StoreBuilder:
    """Two courses with all kinds of files, in 17 files."""
    store = StoreBuilder(path)
    course = store.course(lesson_ids={"1": str(lesson_id(1))}, lessons=[1, 2])
    course.lesson(
        1, summary="О чём", description=DESCRIPTION, files=[{"type": "page", "path": "https://a.com/"}]
    )
    course.lesson(2, id=None, files=[{"type": "video", "path": "a.mp4", "n": 1}])
    course.file("a.mp4", b"x")
    course.transcript(1)
    course.file("2.txt", "Второй урок. " * 30)
    course.template(2)
    course.text("u-1", 1)
    course.text("u-2", 2)
    other = store.course("yoga", name="Йога", language="ru")
    other.lesson(11)
    other.transcript(11, label=3)
    store.profiles("u-1", "u-2", guest={"course": "yoga"})
    return store


class Mutator:
    """Damages a copy of the store, and puts back what it damaged."""

    def __init__(self, store: Path, seed: int) -> None:
        self._store = store
        self._original = {path: path.read_bytes() for path in _files(store)}
        self._signatures = {path: _signature(path) for path in self._original}
        self._random = Random(seed)
        self._whole: list[Callable[[Path], None]] = [
            *(self._empty, self._remove, self._rename, self._swap, self._link, self._pipe, self._folder),
            *(self._copy, self._renumber),
        ]
        self._inner: list[Callable[[Path], None]] = [self._flip, self._cut, self._insert, self._double]
        self._json: list[Callable[[Path], None]] = [
            self._key_gone,
            self._retyped,
            self._key_twice,
            self._nested,
        ]

    def damage(self) -> str:
        """What was done to which files."""
        done = []
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            here = sorted(_files(self._store))
            if not here:
                break
            path = self._random.choice(here)
            ways = (
                self._json + self._inner + self._whole
                if path.suffix == ".json"
                else self._inner + self._whole
            )
            way = self._random.choice(ways)
            done.append(f"{way.__name__} {os.fsencode(path.relative_to(self._store))!r}")
            way(path)
        return ", ".join(done)

    def restore(self) -> None:
        """The store as it was; only what differs is written."""
        for folder, _, names in self._store.walk(top_down=False):
            for path in (folder / name for name in names):
                if path not in self._original or not _is_file(path):
                    path.unlink()
            if folder != self._store and not any(folder.iterdir()):
                folder.rmdir()
        for path, content in self._original.items():
            if self._signatures[path] != _signature(path):
                if path.is_dir():
                    shutil.rmtree(path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                self._signatures[path] = _signature(path)

    def _flip(self, path: Path) -> None:
        data = bytearray(path.read_bytes() or b"x")
        for _ in range(self._random.choice((1, 3, 20))):
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)
        path.write_bytes(data)

    def _cut(self, path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: self._random.randint(0, len(data))])

    def _insert(self, path: Path) -> None:
        data, text = path.read_bytes(), self._random.choice(TEXTS).encode()
        place = self._random.randint(0, len(data))
        path.write_bytes(data[:place] + text + data[place:])

    def _double(self, path: Path) -> None:
        path.write_bytes(path.read_bytes() * 2)

    def _empty(self, path: Path) -> None:
        path.write_bytes(b"")

    def _remove(self, path: Path) -> None:
        path.unlink()

    def _rename(self, path: Path) -> None:
        self._move(path, path.with_name(self._random.choice(NAMES)))

    def _swap(self, path: Path) -> None:
        other = self._random.choice(sorted(self._original))
        if other.is_file() and not other.is_symlink():
            mine, theirs = path.read_bytes(), other.read_bytes()
            path.write_bytes(theirs)
            other.write_bytes(mine)

    def _link(self, path: Path) -> None:
        path.unlink()
        path.symlink_to(self._random.choice(["/etc/passwd", path.name, "..", "/nowhere"]))

    def _pipe(self, path: Path) -> None:
        path.unlink()
        os.mkfifo(path)

    def _folder(self, path: Path) -> None:
        path.unlink()
        path.mkdir()

    def _copy(self, path: Path) -> None:
        target = path.with_name(
            self._random.choice([f"7-{path.name}", path.name.upper(), f"{path.name}.json"])
        )
        if not target.exists():
            target.write_bytes(path.read_bytes())

    def _renumber(self, path: Path) -> None:
        """Another number or UUID in the name."""
        name = path.name.replace(str(lesson_id(1)), str(lesson_id(self._random.choice((2, 9, 11)))))
        if name == path.name:
            name = f"{self._random.choice((1, 2, 3, 99))}-{unicodedata.normalize('NFD', path.name)}"
        self._move(path, path.with_name(name))

    def _move(self, path: Path, target: Path) -> None:
        if not (target.exists() or target.is_symlink()):
            path.rename(target)

    def _key_gone(self, path: Path) -> None:
        self._change(path, lambda holder, key: holder.pop(key))

    def _retyped(self, path: Path) -> None:
        value = self._random.choice(VALUES)
        self._change(path, lambda holder, key: holder.__setitem__(key, value))

    def _nested(self, path: Path) -> None:
        deep: Any = 1
        for _ in range(self._random.choice((3, 18, 25))):
            deep = [deep]
        self._change(path, lambda holder, key: holder.__setitem__(key, deep))

    def _key_twice(self, path: Path) -> None:
        text = path.read_text(errors="replace")
        path.write_text(text.replace("{", '{"name": 1, "name": 2, ', 1), errors="replace")

    def _change(self, path: Path, change: Callable[[Any, Any], object]) -> None:
        """Changes one place of the document, at any depth, where it still is one."""
        try:
            document = json.loads(path.read_bytes())
        except ValueError:
            return
        holders = [(document, key) for key in _keys(document)]
        for holder, key in holders:
            if isinstance(holder[key], dict | list) and len(holders) < 40:
                holders += [(holder[key], inner) for inner in _keys(holder[key])]
        if holders:
            change(*self._random.choice(holders))
        path.write_text(json.dumps(document, ensure_ascii=self._random.random() < 0.5), errors="replace")


def _files(store: Path) -> Iterator[Path]:
    """Without links, pipes and what else is no plain file."""
    for folder, _, names in store.walk():
        yield from filter(_is_file, (folder / name for name in names))


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _signature(path: Path) -> tuple[int, int, int] | None:
    """What tells a file that nobody touched: reading all files again would cost more than an import reads."""
    with suppress(FileNotFoundError):
        status = path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns
    return None


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []
