"""What tokens cost: whole millionths of the table's currency, rounded up; tables that cannot be read."""

from typing import Any

import pytest
from django.utils.translation import override
from pytest_django import Settings

from personalization.pricing import (
    amount,
    budget_problem,
    cost_micro,
    money,
    parsed_amount,
    price_of,
    price_table,
    unpriced,
)
from personalization.writers.base import Usage

TABLE: dict[str, Any] = {
    "currency": "EUR",
    "date": "2026-11-01",
    "models": {
        "m": {"input": 0.4, "cached_input": 0.1, "output": 1.6, "batch": 0.5},
        "odd": {"input": "0.0000001", "output": 3},
    },
}


@pytest.fixture(autouse=True)
def table(settings: Settings) -> None:
    settings.MODEL_PRICES = TABLE


def priced(settings: Settings, **changes: Any) -> tuple[str, ...]:
    """The problems of the table with these changes."""
    settings.MODEL_PRICES = {**TABLE, **changes}
    return price_table().problems


@pytest.mark.parametrize(
    ("usage", "micro"),
    [
        (Usage(1_000_000, 0, 0), 400_000),
        (Usage(1_000_000, 1_000_000, 0), 100_000),
        (Usage(1_000_000, 250_000, 1_000), 326_600),
        (Usage(1, 0, 0), 1),
        (Usage(5, 0, 0), 2),
        (Usage(6, 0, 0), 3),
        (Usage(10, 30, 0), 1),  # no provider caches more than it was sent
        (Usage(), 0),
    ],
)
def test_cost_of_tokens(usage: Usage, micro: int) -> None:
    assert cost_micro("m", usage) == micro


def test_a_batch_costs_its_share() -> None:
    assert cost_micro("m", Usage(1_000_000, 0, 1_000_000), batch=True) == 1_000_000
    assert cost_micro("m", Usage(1, 0, 0), batch=True) == 1
    assert cost_micro("odd", Usage(0, 0, 1_000_000), batch=True) == 3_000_000


def test_a_price_below_a_millionth_is_rounded_up() -> None:
    assert cost_micro("odd", Usage(1_000_000, 0, 0)) == 1


def test_cached_input_without_a_price_costs_as_much_as_other_input() -> None:
    assert price_of("odd") is not None
    assert cost_micro("odd", Usage(2_000_000, 2_000_000, 0)) == cost_micro("odd", Usage(2_000_000, 0, 0)) == 2


def test_a_model_without_a_price_costs_nothing_and_is_named() -> None:
    assert cost_micro("unknown", Usage(10**9, 0, 10**9)) == 0
    assert "unknown" in (unpriced("unknown") or "")
    assert unpriced("m") is None


def test_no_model_is_no_cost_and_no_problem() -> None:
    assert cost_micro("", Usage(10, 0, 10)) == 0
    assert unpriced("") is None
    assert budget_problem("", 1) is None


def test_a_dated_release_costs_what_its_model_costs() -> None:
    assert price_of("m-2026-04-14") == price_of("m")
    assert price_of("m-mini") is None


def test_only_a_budget_needs_a_price() -> None:
    assert "MODEL_PRICES" in (budget_problem("unknown", 1) or "")
    assert budget_problem("unknown", None) is None
    assert budget_problem("m", 1) is None


@pytest.mark.parametrize(
    ("text", "micro"),
    [("12", 12_000_000), ("0.5", 500_000), (" 0,50 ", 500_000), ("0.000001", 1), ("1000000000", 10**15)],
)
def test_amounts_as_people_write_them(text: str, micro: int) -> None:
    assert parsed_amount(text) == micro


@pytest.mark.parametrize(
    "text", ["", "0", "0.0000001", "-1", "1e3", "NaN", "1 000", "1.000,50", "٣", "1000000001", "$5", "9" * 50]
)
def test_what_is_no_amount_is_refused_with_the_currency(text: str) -> None:
    with pytest.raises(ValueError, match=r"above 0 in EUR, such as 12 or 0\.50"):
        parsed_amount(text)


@pytest.mark.parametrize(
    ("micro", "english", "russian"),
    [
        (0, "0.00 EUR", "0,00 EUR"),
        (1, "0.0001 EUR", "0,0001 EUR"),
        (4_250, "0.0043 EUR", "0,0043 EUR"),
        (1_234_567_891, "1,234.57 EUR", "1\xa0234,57 EUR"),
    ],
)
def test_money_is_written_in_the_readers_language(micro: int, english: str, russian: str) -> None:
    with override("en"):
        assert money(micro) == english
    with override("ru"):
        assert money(micro) == russian


def test_amounts_in_one_table_have_the_same_decimals() -> None:
    assert [money(micro, beside=2_000_000) for micro in (0, 3, 4_250, 2_000_000)] == [
        "0.00 EUR",
        "0.01 EUR",
        "0.01 EUR",
        "2.00 EUR",
    ]
    assert money(0, beside=4_250) == "0.0000 EUR"


def test_a_program_gets_the_exact_amount() -> None:
    assert amount(1_234_567) == "1.234567"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"currency": "euro"}, "currency: three letters such as USD are needed, found 'euro'"),
        ({"date": "yesterday"}, "date: the day of the price list is needed"),
        ({"date": None}, "date: the day of the price list is needed"),
        ({"models": []}, "models: an object is needed"),
        ({"models": {"x": 3}}, "models.x: an object with input and output is needed"),
        ({"models": {"x": {"input": 1}}}, "models.x.output: is missing"),
        ({"models": {"x": {"input": 1, "output": -1}}}, "models.x.output: a number from 0 to 1,000,000"),
        ({"models": {"x": {"input": True, "output": 1}}}, "found True"),
        ({"models": {"x": {"input": "cheap", "output": 1}}}, "found 'cheap'"),
        ({"models": {"x": {"input": 1, "output": 1, "batch": 2}}}, "models.x.batch: a share of the price"),
        ({"models": {"x": {"input": 1, "output": 1, "cache": 2}}}, "models.x.cache: is not known"),
        ({"price": 1}, "price: is not known"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(settings: Settings, changes: dict[str, Any], said: str) -> None:
    assert said in "; ".join(priced(settings, **changes))
    assert price_of("x") is None


def test_all_problems_are_said_at_once(settings: Settings) -> None:
    models = {"a": {"input": -1, "output": "x"}, "b": {"input": 1, "output": 1}}
    assert len(priced(settings, currency=1, date=2, models=models)) == 4
    assert price_of("b") is not None


@pytest.mark.parametrize("value", [None, [], "0.4", 3])
def test_a_table_that_is_none(settings: Settings, value: object) -> None:
    settings.MODEL_PRICES = value
    assert price_table().problems == ("a table is needed, with currency, date and models",)
    assert cost_micro("m", Usage(100, 0, 0)) == 0
