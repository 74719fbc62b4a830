"""The price table: what ships, or the one that MODEL_PRICES names."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from courses.strict_json import BOM, JSONProblem, parse
from persona_site.env import env

# Prices change, and differ by contract and region: this table is a start, and not your provider's word.
SHIPPED: dict[str, Any] = {
    "currency": "USD",
    "date": "2026-05-07",
    "source": "public listings of OpenAI's prices; check your provider's price list",
    # For a million tokens. `batch`: the share of these prices that a batch of requests costs.
    "models": {
        "gpt-4.1": {"input": 2.00, "cached_input": 0.50, "output": 8.00, "batch": 0.5},
        "gpt-4.1-mini": {"input": 0.40, "cached_input": 0.10, "output": 1.60, "batch": 0.5},
        "gpt-4.1-nano": {"input": 0.10, "cached_input": 0.025, "output": 0.40, "batch": 0.5},
        "gpt-4o-mini": {"input": 0.15, "cached_input": 0.075, "output": 0.60, "batch": 0.5},
    },
}


def model_prices(name: str) -> Any:
    """The table that the variable holds as JSON, or whose file it names; the shipped one where it is blank.

    A table of one's own replaces the shipped one as a whole: a price list has one date and one currency. What
    the values say is judged by a system check (`personalization.pricing`).
    """
    value: str = env.str(name, default="").strip()
    if not value:
        return SHIPPED
    if value.startswith("{"):
        return _parsed(name, value.encode())
    try:
        content = Path(value).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        raise ImproperlyConfigured(
            f"{name} names a file that cannot be read ({reason}): {value!r}. "
            "Name a JSON file, or write the table itself, beginning with {."
        ) from None
    return _parsed(f"{name} ({value})", content.removeprefix(BOM))


def _parsed(place: str, content: bytes) -> Any:
    try:
        return parse(content)
    except JSONProblem as problem:
        raise ImproperlyConfigured(f"{place} is not JSON: {problem}") from None
