"""What a user is told when the database fails: where it is, what is wrong, what to do. Never a secret."""

from collections.abc import Iterator

import psycopg

from courses.database import database_address
from persona_site.embedded.errors import EmbeddedServerError

# By SQLSTATE, longest prefix first: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_STATE = {
    "53100": "its disk is full. Make room, and try again",
    "53300": "it takes no more connections. Stop something, or raise max_connections",
    "53": "it is out of resources. See its log",
    "57P01": "it was shut down. Start it, and try again",
    "57P": "it is starting or stopping. Try again in a moment",
    "57014": "a statement took too long (statement_timeout). Try again when there is less to do",
    "55P03": "something else holds a lock (lock_timeout). Try again",
    "40": "it chose another transaction before this one. Try again",
    "42P01": "a table is missing. Run: manage.py migrate",
    "42703": "a column is missing. Run: manage.py migrate",
    "42501": "the user in DATABASE_URL has no right to do this. Grant it, or name another user",
    "25006": "it is read-only. Name the primary server in DATABASE_URL",
    "3D000": "there is no database of this name. Create it, or correct DATABASE_URL",
    "28": "it refuses the user or the password in DATABASE_URL. Correct them",
    "08": "the connection was lost. Try again when it is back",
}
# The client library gives no code for what happens before it is connected.
_BY_TEXT = {
    "password": _BY_STATE["28"],
    "authentication": _BY_STATE["28"],
    "pg_hba.conf": _BY_STATE["28"],
    "does not exist": _BY_STATE["3D000"],
    "too many": _BY_STATE["53300"],
    "remaining connection slots": _BY_STATE["53300"],
    "starting up": _BY_STATE["57P"],
    "shutting down": _BY_STATE["57P"],
    "closed the connection": _BY_STATE["08"],
    "connection is lost": _BY_STATE["08"],
    "connection refused": "nothing answers there. Start it, or correct DATABASE_URL",
    "no such file": "nothing answers there. Start it, or correct DATABASE_URL",
    "timeout": "no answer came in time. Start it, or correct DATABASE_URL",
    "translate host name": "there is no host of this name. Correct DATABASE_URL",
    "resolve host": "there is no host of this name. Correct DATABASE_URL",
}


def explain_database_error(error: BaseException) -> str | None:
    """One line for the user; None where the error is no fault of the database's, but of a program.

    The driver's own text is left out: it can name a user, or quote a row.
    """
    for cause in causes(error):
        if isinstance(cause, EmbeddedServerError):
            return str(cause)
    problem = database_problem(error)
    return problem and f"The database {database_address()} does not do its work: {problem}."


def database_problem(error: BaseException) -> str | None:
    """What is wrong and what to do, without saying where the database is; None as above."""
    for cause in causes(error):
        if isinstance(cause, psycopg.Error) and (reason := _reason(cause)):
            return reason
    return None


def no_connection_left(error: BaseException) -> bool:
    """Whether the database works, but has all the connections that it takes."""
    return database_problem(error) == _BY_STATE["53300"]


def name_database_error(error: BaseException) -> str | None:
    """One line for whoever looks into an error that has no explanation; None where it is not the database's.

    The code, table and constraint lead to the cause; the driver's text and detail quote rows.
    """
    for cause in causes(error):
        if isinstance(cause, psycopg.Error):
            names = {
                "SQLSTATE": cause.sqlstate or type(cause).__name__,
                "table": cause.diag.table_name,
                "column": cause.diag.column_name,
                "constraint": cause.diag.constraint_name,
            }
            said = ", ".join(f"{label} {name}" for label, name in names.items() if name)
            return f"The database {database_address()} refused a statement: {said}."
    return None


def _reason(error: psycopg.Error) -> str | None:
    state = error.sqlstate
    if state:
        return next((text for code, text in _BY_STATE.items() if state.startswith(code)), None)
    if not isinstance(error, psycopg.OperationalError):
        return None
    said = str(error).lower()
    return next(
        (text for words, text in _BY_TEXT.items() if words in said),
        "it cannot be reached. Start it, or correct DATABASE_URL",
    )


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what led to it, one after the other."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
