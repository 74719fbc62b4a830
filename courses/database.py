"""Where the database is, what held it up, and how long to wait: the lowest floor, for every app."""

import time
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.backends.signals import connection_created
from psycopg.errors import (
    DeadlockDetected,
    ForeignKeyViolation,
    IdleInTransactionSessionTimeout,
    LockNotAvailable,
)

ANSWER_WITHIN = "courses.answer_within"  # the name of its receiver


def database_address() -> str:
    """Where the settings say the database is: `name at host:port`, without user and password."""
    settings = connection.settings_dict
    options = settings.get("OPTIONS", {})
    host = str(settings.get("HOST") or options.get("host") or "the local socket")
    port = settings.get("PORT") or options.get("port") or 5432
    place = host if host.startswith(("/", "the ")) else f"{host}:{port}"
    return f"{settings.get('NAME') or options.get('service') or 'the default database'} at {place}"


def held_by_another(error: OperationalError) -> bool:
    """Whether somebody else's locks stood in the way: waited for too long, or each for the other."""
    return isinstance(error.__cause__, LockNotAvailable | DeadlockDetected)


def deleted_by_another(error: Exception) -> bool:
    """Whether what was written is of a row that is gone by now; whoever looks again does not find it."""
    return isinstance(error.__cause__, ForeignKeyViolation)


def ended_by_the_server(error: Exception) -> bool:
    """Whether a process that froze in the middle of a transaction finds its session gone. For Django that is
    an InternalError, as if the statement were to blame."""
    return isinstance(error.__cause__, IdleInTransactionSessionTimeout)


def what_failed(error: Exception) -> str:
    """The driver's name for it, such as DiskFull or ConnectionTimeout. Its words may quote a row."""
    return type(error.__cause__ or error).__name__


def answer_within(seconds: float) -> None:
    """From now on a statement of this process that has no answer in time ends its connection.

    The caller gets an OperationalError. Keepalives find a dead machine, and no server's timeout helps where
    something between the two takes what is sent and passes nothing on: such a statement waited for ever.
    """

    def limit(connection: Any, **_: object) -> None:
        session: psycopg.Connection[Any] = connection.connection
        plain = session.wait

        def wait(gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            if timeout is not None:  # the caller knows what it waits for: notices that may never come
                return plain(gen, interval, timeout)
            began = time.monotonic()
            try:
                return plain(gen, interval, seconds)
            except psycopg.OperationalError:
                if time.monotonic() - began >= seconds:
                    session.close()  # at once: a rollback would wait for its answer too
                raise

        session.wait = wait  # type: ignore[method-assign]

    connection_created.connect(limit, weak=False, dispatch_uid=ANSWER_WITHIN)


def statements_end_after(seconds: float) -> None:
    """From now on the server ends a statement of this process's new connections that takes longer.

    The caller gets an OperationalError. A process that was killed, or gave up, leaves no statement behind
    that works and holds its locks for nobody.
    """
    options = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c statement_timeout={round(seconds * 1000)}".strip()


def take_your_time() -> None:
    """The statements of this transaction are not ended by `statements_end_after`."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
