"""Prices that cannot be read, and a model without one: found by `manage.py check` and before commands."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 Django's own name

from personalization.pricing import price_of, price_table

MOST_PROBLEMS = 5


@register("persona")
def check_prices(**_: Any) -> list[CheckMessage]:
    """A table with an entry that cannot be read stops commands: a wrong price is worse than none."""
    problems = price_table().problems
    if problems:
        more = f"; and {len(problems) - MOST_PROBLEMS} more" if len(problems) > MOST_PROBLEMS else ""
        return [
            Error(
                f"MODEL_PRICES cannot be read: {'; '.join(problems[:MOST_PROBLEMS])}{more}.",
                hint='It looks like {"currency": "USD", "date": "2026-05-07", "models": {"gpt-4.1-mini": '
                '{"input": 0.4, "cached_input": 0.1, "output": 1.6, "batch": 0.5}}}: prices for a million '
                "tokens, as your provider's price list has them. Leave it empty for the table that ships.",
                id="persona.E020",
            )
        ]
    # Without a key the model is not called.
    if settings.OPENAI_API_KEY and price_of(settings.OPENAI_MODEL) is None:
        return [
            Warning(
                f"OPENAI_MODEL ({settings.OPENAI_MODEL}) has no price: costs are counted as 0, "
                "and a run with a budget is refused.",
                hint="Add the model to MODEL_PRICES, with the prices of your provider's list.",
                id="persona.W020",
            )
        ]
    return []
