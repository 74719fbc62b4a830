"""Items that wait for money, or for a look at a pilot."""

from django.db import connection

from personalization.models.runs import ItemState
from personalization.queries import Progress

# The least that one of the items takes which wait for money.
LEAST_NEEDED = """
    SELECT min(needs_micro) FROM generation_items
    WHERE run_id = %s AND error_code = 'budget' AND state = 'held'
"""


def money_is_out(now: Progress) -> bool:
    """Whether the queue begins nothing more of the run until its budget is raised, however many are due."""
    if now.budget_micro is None or not held_items(now, "budget"):
        return False
    with connection.cursor() as cursor:
        cursor.execute(LEAST_NEEDED, [now.run_id])
        needed: int | None = cursor.fetchone()[0]
    # Enough of it: the budget was raised a moment ago, or nobody is there to go on.
    return needed is None or needed > (now.budget_micro - now.spent_micro) / now.overrun - now.reserved_micro


def held_items(now: Progress, code: str) -> int:
    """How many of the run's items are held for this reason: `budget` or `pilot`."""
    return sum(kind.count for kind in now.errors if (kind.state, kind.code) == (ItemState.HELD, code))
