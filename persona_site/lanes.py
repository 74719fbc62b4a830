"""Work in several database sessions at once: PostgreSQL writes for a session on one core, and there are more.

A lane is a thread with a connection of its own. The first one is the caller's thread with the connection that
it has: with one lane nothing happens that would not happen without.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from contextvars import copy_context
from threading import Event
from typing import Any

import psycopg
from django.db import Error, connection, connections

from courses.history.reason import because
from persona_site.faults import no_connection_left

PATIENCE = 5  # seconds for the server to take note that a statement is not wanted any more
AGAIN = 0.2  # seconds


class Stopped(Exception):
    """Another lane failed, so this one does not go on. The caller of `each` gets that one's error."""


class Lanes:
    """`number` of them, made by `lanes`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._others = [_Lane() for _ in range(number - 1)]
        self._stopping = Event()

    def go_on(self) -> None:
        """Asked by long work, in any lane, where it may end. Raises Stopped."""
        if self._stopping.is_set():
            raise Stopped

    def each[P, R](self, work: Callable[[P], R], parts: Sequence[P]) -> list[R]:
        """What the work gives for each part, every part in its lane; one that fails stops the others.

        parts: as many as there are lanes, and each time the same.
        """
        calls = [
            lane.start(self._stopping, work, part) for lane, part in zip(self._others, parts[1:], strict=True)
        ]
        try:
            return [work(parts[0]), *(call.result() for call in calls)]
        except BaseException as error:
            self._stop(calls)
            if isinstance(error, Stopped):
                for call in calls:
                    call.result()
            raise

    def open(self, session: Callable[[], AbstractContextManager[None]]) -> None:
        for lane in self._others:
            lane.open(session)

    def close(self) -> None:
        self._stopping.set()
        for lane in self._others:
            lane.close()

    def _stop(self, calls: Sequence[Future[Any]]) -> None:
        self._stopping.set()
        # Again and again: a cancel that comes between two statements is lost.
        while wait(calls, timeout=AGAIN).not_done:
            for lane in self._others:
                lane.cancel()


@contextmanager
def lanes(number: int, session: Callable[[], AbstractContextManager[None]]) -> Iterator[Lanes]:
    """That many lanes, each inside a `session` of its own for as long as the context lasts.

    One lane where the database has no connection left for the others: it is slower, and does the same.
    """
    made = Lanes(number)
    with session():
        try:
            try:
                made.open(session)
            except Error as error:
                if not no_connection_left(error):
                    raise
                made.close()
                made = Lanes(1)
            yield made
        finally:
            made.close()


class _Lane:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lane")
        self._stack = ExitStack()
        self._session: psycopg.Connection[object] | None = None

    def open(self, session: Callable[[], AbstractContextManager[None]]) -> None:
        def enter() -> None:
            self._stack.enter_context(session())
            self._session = connection.connection

        self._thread.submit(enter).result()

    def start[P, R](self, stopping: Event, work: Callable[[P], R], part: P) -> Future[R]:
        def run() -> R:
            try:
                # The same words, but an entry of its own in the history: two transactions that write one
                # entry wait for each other.
                with because():
                    return work(part)
            except BaseException:
                stopping.set()
                raise

        return self._thread.submit(copy_context().run, run)

    def cancel(self) -> None:
        """Ends the statement that runs now, if there is one."""
        if self._session:
            with suppress(psycopg.Error):
                self._session.cancel_safe(timeout=PATIENCE)

    def close(self) -> None:
        """Blocks until the lane's work has ended."""

        def leave() -> None:
            try:
                self._stack.close()
            finally:
                connections.close_all()

        try:
            self._thread.submit(leave).result()
        finally:
            self._thread.shutdown()
