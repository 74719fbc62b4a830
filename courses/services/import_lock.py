"""One import at a time, over all its transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection
from django.db.backends.utils import CursorWrapper

IMPORT_LOCK = 0x7065_7273_6F6E_61  # "persona"; shared by whatever imports a whole store


@contextmanager
def import_lock(on_wait: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Waits for its turn (after `on_wait`), and yields a function that raises when the lock was lost.

    The lock is a transaction's, on a connection of its own that does nothing else: it holds over the many
    transactions of an import and ends with the process, however that dies. A session's lock behind a pooler
    could stay for ever.
    """
    other = connection.copy()
    other.inc_thread_sharing()  # lanes ask by turns whether it is still held
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            _outlive_pauses(cursor)
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [IMPORT_LOCK])
            if cursor.fetchone() == (False,):
                on_wait()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
            yield lambda: cursor.execute("SELECT 1")
    finally:
        other.close()


@contextmanager
def patience() -> Iterator[None]:
    """This session waits longer for a row than a page may: a deploy waits for a worker's batch."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '60s'")
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def _outlive_pauses(cursor: CursorWrapper) -> None:
    # The connection is idle while the other one works; and a server must notice in seconds, not hours, that a
    # machine with the lock is gone.
    cursor.execute(
        "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0; SET statement_timeout = 0;"
        "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
    )
