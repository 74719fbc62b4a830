"""What a call costs, by the price table of the settings: whole millionths of its currency, rounded up."""

import re
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from personalization.writers.base import Usage

MICRO = 1_000_000  # millionths in one unit of the currency
HIGHEST_BUDGET = 1_000_000_000


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


def parsed_amount(text: str) -> int:
    """Millionths, from what a person writes: "12", "0.5". Raises ValueError that says what is wanted."""
    plain = text.strip().replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", plain) or not 0 < Decimal(plain) <= HIGHEST_BUDGET:
        wanted = _("Write an amount above 0 in {currency}, such as 12 or 0.50. Found: {found}")
        raise ValueError(wanted.format(currency="USD", found=repr(text)))
    return int(Decimal(plain) * MICRO)


def money(micro: int, beside: int | None = None) -> str:
    """The amount as the reader's language writes it, with the currency: 12.34 USD.

    Small ones with more decimals: 0.0042 USD. In a table with the same as the largest amount there, `beside`.
    """
    amount = Decimal(micro) / MICRO
    largest = micro if beside is None else beside
    decimals = 2 if largest == 0 or largest >= MICRO else 4
    step = Decimal(1).scaleb(-decimals)
    rounded = amount.quantize(step, ROUND_HALF_UP)
    if micro > 0:
        rounded = max(rounded, step)
    return f"{number_format(rounded, decimals, force_grouping=True)} USD"


def amount(micro: int) -> str:
    """The exact amount for a program: "12.340000"."""
    return f"{Decimal(micro) / MICRO:.6f}"
