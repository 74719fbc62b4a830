"""The database, for a worker's event loop: statements run in threads, so that none holds up the requests."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import InterfaceError, InternalError, OperationalError, connection, connections

from courses.database import ended_by_the_server, held_by_another

FIRST_PAUSE = 0.1  # seconds before a statement is tried again; each pause is twice the one before
LONGEST_PAUSE = 2.0
PATIENT = 5.0  # seconds that are waited for another thread's statement


class DatabaseThreads:
    """`number` threads with a connection each. `patience`: seconds until a broken connection is an error."""

    def __init__(self, number: int, patience: float, name: str) -> None:
        self._number = number
        self._patience = patience
        self._threads = ThreadPoolExecutor(max_workers=number, thread_name_prefix=name)

    async def run[T](self, statement: Callable[[], T]) -> T:
        """Its result. A broken connection, and locks of others, are tried anew until the patience is over."""
        loop = asyncio.get_running_loop()
        pause, until = FIRST_PAUSE, time.monotonic() + self._patience
        while True:
            try:
                return await loop.run_in_executor(self._threads, _fresh, statement)
            except (OperationalError, InterfaceError):
                if time.monotonic() + pause > until:
                    raise
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def idle(self) -> None:
        """Waits for statements whose caller has gone: what they bring to pass stands before what is next."""
        loop, everyone = asyncio.get_running_loop(), threading.Barrier(self._number, timeout=PATIENT)
        waits = [loop.run_in_executor(self._threads, everyone.wait) for _ in range(self._number)]
        await asyncio.gather(*waits, return_exceptions=True)

    def close(self) -> None:
        """Blocks until all connections are closed."""
        everyone = threading.Barrier(self._number, timeout=PATIENT)

        def close() -> None:
            everyone.wait()  # so that each thread takes one of the calls
            connections.close_all()

        closing = [self._threads.submit(close) for _ in range(self._number)]
        self._threads.shutdown()
        for call in closing:
            call.result()


def _fresh[T](statement: Callable[[], T]) -> T:
    try:
        return statement()
    except InterfaceError:
        connection.close()
        raise
    except OperationalError as error:
        if not held_by_another(error):
            connection.close()
        raise
    except InternalError as error:
        if not ended_by_the_server(error):
            raise
        connection.close()
        raise OperationalError(*error.args) from error.__cause__
