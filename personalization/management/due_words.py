"""When the next item is due, in words."""

import math


def due_said(next_due: float | None) -> str:
    """`next_due`: as a sweep says it."""
    if next_due is None:
        return "Nothing waits."
    if next_due == 0:
        return "Items are due now."
    return f"The next item is due in {math.ceil(next_due):,} s."


def counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
