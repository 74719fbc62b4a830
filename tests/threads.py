"""Work of several people and workers at the same moment, each with a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*works: Callable[[], object], patience: float = 60.0) -> list[Any]:
    """Starts all of them together; their results in the same order. The first error of any is raised."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)
    errors: list[BaseException] = []

    def run(number: int, work: Callable[[], object]) -> None:
        try:
            start.wait(patience)
            results[number] = work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    return results


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
