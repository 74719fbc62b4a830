"""Rows that those who watch look at: calls of the ledger, and times that have passed."""

from typing import Any
from uuid import uuid4

from django.db import connection

from personalization.models import GenerationItem, ModelCall


def make_call(item: GenerationItem | None = None, **fields: Any) -> ModelCall:
    """A reserved call."""
    values: dict[str, Any] = {
        "rev": 1,
        "lease_token": uuid4(),
        "call_no": 1,
        "model": "gpt-test",
        "prompt_version": "p1",
        "fingerprint": "f1",
        "reserved_micro": 900,
        "item": item,
        "run": item.run if item else None,
        **fields,
    }
    return ModelCall.objects.create(**values)


def settle(*calls: ModelCall, state: str = "ok", seconds: float = 1.5, error: str = "") -> None:
    """Ends the calls in one statement, as a worker does, `seconds` after their reservation."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE model_calls SET state = %s, error_code = %s, actual_micro = 250, input_tokens = 100,
               cached_tokens = 60, output_tokens = 20, finished_at = started_at + make_interval(secs => %s)
               WHERE id = ANY(%s)""",
            [state, error, seconds, [call.pk for call in calls]],
        )


def age(table: str, column: str, seconds: float) -> None:
    """Every time in the column lies so many seconds back."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = clock_timestamp() - make_interval(secs => %s)", [seconds]
        )
