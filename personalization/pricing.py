"""What a call costs, by the price table of the settings: whole millionths of its currency, rounded up."""

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from functools import lru_cache

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from personalization.writers.base import Usage

MICRO = 1_000_000  # millionths in one unit of the currency
HIGHEST_PRICE = 1_000_000  # for a million tokens
HIGHEST_BUDGET = 1_000_000_000
PRICES = ("input", "cached_input", "output")
_RELEASE = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # a dated release of a model costs what the model costs


@dataclass(frozen=True, slots=True)
class Price:
    """Millionths of the currency for a million tokens; `batch`: millionths of that in a batch of requests."""

    input: int
    cached_input: int
    output: int
    batch: int = MICRO


@dataclass(frozen=True, slots=True)
class PriceTable:
    """`models` has those whose prices can be read; `problems` says what is wrong with the others."""

    currency: str
    date: str
    source: str
    models: dict[str, Price]
    problems: tuple[str, ...] = ()


_read: list[tuple[object, PriceTable]] = []  # what was read last, and its table


def price_table() -> PriceTable:
    """What settings.MODEL_PRICES says. Each call asks: it is read once, and never to be changed in place."""
    given = settings.MODEL_PRICES
    if not _read or _read[0][0] is not given:
        _read[:] = [(given, _table(json.dumps(given, default=str)))]
    return _read[0][1]


def price_of(model: str) -> Price | None:
    """None: the table does not have the model."""
    models = price_table().models
    return models.get(model) or models.get(_RELEASE.sub("", model))


def cost_micro(model: str, usage: Usage, *, batch: bool = False) -> int:
    """What so many tokens cost; 0 where the model has no price."""
    price = price_of(model)
    if price is None:
        return 0
    cached = min(usage.cached_tokens, usage.input_tokens)
    fresh = usage.input_tokens - cached
    exact = fresh * price.input + cached * price.cached_input + usage.output_tokens * price.output
    return -(-exact * price.batch // MICRO**2) if batch else -(-exact // MICRO)


def unpriced(model: str) -> str | None:
    """Why no cost can be told of a model's calls, with the remedy; None where it can. "" calls no model."""
    if not model or price_of(model):
        return None
    text = _(
        "The model “{model}” has no price: costs are shown as 0, and no budget can be kept. "
        "Add it to MODEL_PRICES."
    )
    return text.format(model=model)


def budget_problem(model: str, budget_micro: int | None) -> str | None:
    """Why a run by this model cannot keep the budget; None where it can, or there is none to keep."""
    if budget_micro is None or not unpriced(model):
        return None
    text = _(
        "The model “{model}” has no price, so that a budget could not be kept. "
        "Add it to MODEL_PRICES, or start without a budget."
    )
    return text.format(model=model)


def parsed_amount(text: str) -> int:
    """Millionths, from what a person writes: "12", "0.5", "0,5". ValueError says what to write."""
    plain = text.strip().replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", plain) or not 0 < Decimal(plain) <= HIGHEST_BUDGET:
        wanted = _("Write an amount above 0 in {currency}, such as 12 or 0.50. Found: {found}")
        raise ValueError(wanted.format(currency=price_table().currency, found=repr(text)))
    return int(Decimal(plain) * MICRO)


def money(micro: int, beside: int | None = None) -> str:
    """The amount as the reader's language writes it, with the currency: 12.34 USD.

    Small ones with more decimals: 0.0042 USD. In a table with the same as the largest amount there, `beside`.
    """
    amount = Decimal(micro) / MICRO
    decimals = _decimals(micro if beside is None else beside)
    step = Decimal(1).scaleb(-decimals)
    rounded = amount.quantize(step, ROUND_HALF_UP)
    if micro > 0:
        rounded = max(rounded, step)
    return f"{number_format(rounded, decimals, force_grouping=True)} {price_table().currency}"


def _decimals(micro: int) -> int:
    return 2 if micro == 0 or micro >= MICRO else 4


def amount(micro: int) -> str:
    """The exact amount for a program: "12.340000"."""
    return f"{Decimal(micro) / MICRO:.6f}"


@lru_cache(maxsize=8)
def _table(text: str) -> PriceTable:
    given = json.loads(text)
    problems: list[str] = []
    if not isinstance(given, dict):
        return PriceTable("", "", "", {}, ("a table is needed, with currency, date and models",))
    known = {"currency", "date", "source", "models"}
    problems += [f"{key}: is not known; there are {', '.join(sorted(known))}" for key in given.keys() - known]
    models = given.get("models")
    if not isinstance(models, dict):
        problems.append(
            'models: an object is needed, such as {"gpt-4.1-mini": {"input": 0.4, "output": 1.6}}'
        )
        models = {}
    prices = {name: _price(f"models.{name}", entry, problems) for name, entry in models.items()}
    return PriceTable(
        currency=_currency(given.get("currency"), problems),
        date=_date(given.get("date"), problems),
        source=str(given.get("source") or ""),
        models={name: price for name, price in prices.items() if price},
        problems=tuple(problems),
    )


def _price(place: str, entry: object, problems: list[str]) -> Price | None:
    """None, with the reason among the problems, where something of the entry cannot be read."""
    if not isinstance(entry, dict):
        problems.append(f"{place}: an object with input and output is needed")
        return None
    before = len(problems)
    unknown = entry.keys() - {*PRICES, "batch"}
    problems += [f"{place}.{key}: is not known" for key in sorted(unknown)]
    problems += [f"{place}.{key}: is missing" for key in ("input", "output") if key not in entry]
    values = {key: _micro(f"{place}.{key}", entry[key], problems) for key in PRICES if key in entry}
    batch = _micro(f"{place}.batch", entry.get("batch", 1), problems)
    if batch > MICRO:
        problems.append(f"{place}.batch: a share of the price is needed, 0 to 1")
    if len(problems) > before:
        return None
    # Who names no price for cached input gets no estimate that is too low.
    return Price(**{"cached_input": values["input"], **values}, batch=batch)


def _micro(place: str, value: object, problems: list[str]) -> int:
    """Whole millionths, rounded up; 0, with the reason among the problems, where it is no price."""
    try:
        # A float by its shortest text: 0.1 is meant, not 0.1000000000000000055.
        exact = Decimal("nan") if isinstance(value, bool | None) else Decimal(str(value))
    except InvalidOperation:
        exact = Decimal("nan")
    if not (exact.is_finite() and 0 <= exact <= HIGHEST_PRICE):
        problems.append(f"{place}: a number from 0 to {HIGHEST_PRICE:,} is needed, found {value!r}")
        return 0
    return int((exact * MICRO).to_integral_value(ROUND_UP))


def _currency(value: object, problems: list[str]) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Z]{3}", value):
        return value
    problems.append(f"currency: three letters such as USD are needed, found {value!r}")
    return ""


def _date(value: object, problems: list[str]) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        problems.append(f"date: the day of the price list is needed, such as 2026-05-07, found {value!r}")
        return ""
