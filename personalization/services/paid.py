"""Answers that were paid for and are not published: the next attempt takes them instead of a new call."""

from collections.abc import Collection

from django.db import connection
from django.db.backends.utils import CursorWrapper

from personalization.models.calls import CallState, ModelCall

FORGET = "UPDATE model_calls SET answer = NULL WHERE item_id = ANY(%s) AND answer IS NOT NULL"
# What failed may be tried again by a person; after that time its answer is only a learner's data kept for
# nothing. Few calls have an answer at all: an index knows them.
FORGET_USELESS = """
    UPDATE model_calls call SET answer = NULL FROM generation_items item
    WHERE item.id = call.item_id AND call.answer IS NOT NULL
      AND (item.state IN ('done', 'unchanged', 'skipped', 'cancelled')
           OR item.finished_at < clock_timestamp() - interval '7 days')
"""


def paid_answers(items: Collection[int]) -> dict[tuple[int, str], ModelCall]:
    """(item, fingerprint of what was sent) → the newest good answer to it."""
    calls = ModelCall.objects.filter(item__in=items, answer__isnull=False, state=CallState.OK)
    shown = calls.only("item_id", "fingerprint", "model", "prompt_version", "answer").order_by("pk")
    return {(call.item_id, call.fingerprint): call for call in shown if call.item_id}


def forget_answers(cursor: CursorWrapper, items: Collection[int]) -> None:
    """For items whose text is published in this transaction."""
    if items:
        cursor.execute(FORGET, [list(items)])


def forget_useless_answers() -> int:
    """How many answers were forgotten that no attempt will publish any more."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_USELESS)
        count: int = cursor.rowcount
    return count
