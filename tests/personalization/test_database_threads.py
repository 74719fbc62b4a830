"""Statements beside the requests: a connection that is gone is opened anew, whatever ended it."""

import asyncio

import psycopg
import pytest
from django.db import connection, transaction

from personalization.services.threads import DatabaseThreads
from tests.processes import until

pytestmark = pytest.mark.usefixtures("transactional_db")


def gone(pid: int) -> bool:
    """Whether no session of the server has this process."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        return not other.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchall()


def frozen() -> None:
    """Inside a transaction: until the server has lost its patience."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
    until(lambda: gone(pid), "the server ends the session")


def test_whoever_froze_in_a_transaction_does_it_again_in_a_new_session() -> None:
    tries: list[str] = []

    def statement() -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            tries.append("")
            if len(tries) == 1:
                frozen()
            cursor.execute("SELECT 7")
            number: int = cursor.fetchone()[0]
            return number

    database = DatabaseThreads(1, 5, "test")
    assert asyncio.run(database.run(statement)) == 7
    assert len(tries) == 2
    database.close()
