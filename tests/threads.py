"""Work of several people and workers at the same moment, each with a connection of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from django.db import connection


def at_once(*works: Callable[[], object], patience: float = 60.0) -> list[Any]:
    """Starts all of them together; their results in the same order. The first error of any is raised."""
    with crew(len(works)) as together:
        return together(*works, patience=patience)


@contextmanager
def crew(size: int) -> Iterator[Callable[..., list[Any]]]:
    """The same for as many rounds as one likes, in threads that keep their connections between them."""
    pool = ThreadPoolExecutor(size)

    def together(*works: Callable[[], object], patience: float = 60.0) -> list[Any]:
        start = threading.Barrier(len(works))

        def run(work: Callable[[], object]) -> object:
            start.wait(patience)  # and so each gets a thread of its own
            return work()

        futures = [pool.submit(run, work) for work in works]
        late = wait(futures, patience).not_done
        failed = [error for future in futures if future.done() and (error := future.exception())]
        if failed:
            raise failed[0]
        assert not late, "they wait for each other"
        return [future.result() for future in futures]

    try:
        yield together
    finally:
        together(*[lambda: connection.close()] * size)  # noqa: PLW0108 each thread's own
        pool.shutdown(wait=False)


def deadlocks() -> int:
    """How many the server has broken up in this database so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        count: int = cursor.fetchone()[0]
    return count


def repeated(work: Callable[[], object], until: Callable[[], bool]) -> Callable[[], list[Any]]:
    """Does the work again and again, and at least once, until the condition holds."""

    def run() -> list[object]:
        results = [work()]
        while not until():
            results.append(work())
        return results

    return run


def until_it_waits_for_me(thread: threading.Thread) -> None:
    """Returns when the thread's session waits for a lock of this one's transaction, or when it has ended."""
    with connection.cursor() as cursor:
        waiting = 0
        while not waiting and thread.is_alive():
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
                " AND pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()]"
            )
            waiting = cursor.fetchone()[0]
