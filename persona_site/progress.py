"""What a long command shows while it works."""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from courses.course_folder.report import Counts

SHOWN_AFTER = 2.0  # seconds: what is shorter needs no bar
REDRAWN_AFTER = 0.1  # seconds; a bar that is told of every row costs more than the rows


class Watcher(Protocol):
    """Who is told how far the work is."""

    def stage(self, label: str, total: int) -> None:
        """A new stage of `total` steps begins."""

    def tick(self, steps: int = 1) -> None:
        """So many steps are done."""

    def say(self, line: str) -> None:
        """Something that the user should know now."""

    def written(self, course: str | None, changes: Mapping[str, Counts]) -> None:
        """A transaction is over: a course's, by slug, or (None) the learners'; what it did, by table."""


class Silent:
    """A watcher that shows nothing."""

    def stage(self, label: str, total: int) -> None: ...

    def tick(self, steps: int = 1) -> None: ...

    def say(self, line: str) -> None: ...

    def written(self, course: str | None, changes: Mapping[str, Counts]) -> None: ...


class Shared:
    """A watcher that several threads may tell. `check` is called before each step; it may raise."""

    def __init__(self, watcher: Watcher, check: Callable[[], None]) -> None:
        self._watcher = watcher
        self._check = check
        self._lock = Lock()

    def stage(self, label: str, total: int) -> None:
        with self._lock:
            self._watcher.stage(label, total)

    def tick(self, steps: int = 1) -> None:
        self._check()
        with self._lock:
            self._watcher.tick(steps)

    def say(self, line: str) -> None:
        with self._lock:
            self._watcher.say(line)

    def written(self, course: str | None, changes: Mapping[str, Counts]) -> None:
        with self._lock:
            self._watcher.written(course, changes)


class LateBar:
    """A progress bar that appears on a terminal once the work takes longer than 2 seconds.

    `done`: what was written so far, for the report of an import that was stopped.
    """

    def __init__(self, console: Console, shown_after: float = SHOWN_AFTER) -> None:
        self._console = console
        self._shown_after = shown_after
        self._bar: Progress | None = None
        self.done: list[tuple[str | None, Mapping[str, Counts]]] = []
        self._started = self._drawn = time.monotonic()
        self._label, self._done, self._total = "", 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def stage(self, label: str, total: int) -> None:
        self._label, self._done, self._total = label, 0, total
        self._draw()

    def tick(self, steps: int = 1) -> None:
        self._done += steps
        if time.monotonic() - self._drawn > REDRAWN_AFTER:
            self._draw()

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def written(self, course: str | None, changes: Mapping[str, Counts]) -> None:
        self.done.append((course, changes))

    def pause(self) -> None:
        """Clears the bar away, so that a question can be asked; the next stage draws it anew."""
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        if not self._console.is_terminal or self._drawn - self._started < self._shown_after:
            return
        if self._bar is None:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.add_task(self._label)
            self._bar.start()
        task = self._bar.task_ids[0]
        self._bar.update(task, description=self._label, completed=self._done, total=self._total)
