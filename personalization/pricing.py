"""What a call costs, by the price table of the settings: whole millionths of its currency, rounded up."""

from math import ceil

from django.conf import settings

from personalization.writers.base import Usage


def cost_micro(model: str, usage: Usage) -> int:
    """What so many tokens cost; 0 where the model has no price.

    A price is for a million tokens: so many millionths for one.
    """
    table = getattr(settings, "MODEL_PRICES", {})
    price = table.get("models", {}).get(model)
    if price is None:
        return 0
    cached = min(usage.cached_tokens, usage.input_tokens)
    exact: float = (
        (usage.input_tokens - cached) * price["input"]
        + cached * price.get("cached_input", price["input"])
        + usage.output_tokens * price["output"]
    )
    return ceil(exact)
