"""The price table of the settings: what ships, a table of one's own, and what the system checks say."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from persona_site.price_checks import check_prices
from persona_site.prices import SHIPPED, model_prices
from personalization.pricing import price_of, price_table

MINE = '{"currency": "EUR", "date": "2026-11-01", "models": {"mine": {"input": 1, "output": 2}}}'
NAME = "A_PRICE_TABLE"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)


def given(monkeypatch: pytest.MonkeyPatch, value: str) -> object:
    monkeypatch.setenv(NAME, value)
    return model_prices(NAME)


def test_the_shipped_table_can_be_read_and_has_the_default_model(settings: Settings) -> None:
    assert model_prices(NAME) is SHIPPED
    assert settings.MODEL_PRICES == SHIPPED
    assert price_table().problems == ()
    assert price_of(settings.OPENAI_MODEL) is not None
    assert "check your provider's price list" in price_table().source


def test_a_table_in_the_environment_replaces_it_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    table = given(monkeypatch, f"  {MINE}")
    assert table == {
        "currency": "EUR",
        "date": "2026-11-01",
        "models": {"mine": {"input": 1, "output": 2}},
    }


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_table_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "prices.json"
    path.write_bytes(mark + MINE.encode())
    assert given(monkeypatch, str(path)) == given(monkeypatch, MINE)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{", f"{NAME} is not JSON"),
        ('{"a": 1, "a": 2}', f"{NAME} is not JSON"),
        ("nowhere.json", f"{NAME} names a file that cannot be read .No such file"),
        (".", f"{NAME} names a file that cannot be read .Is a directory"),
    ],
)
def test_what_cannot_be_read_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        given(monkeypatch, value)


def test_a_file_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text("[1")
    with pytest.raises(ImproperlyConfigured, match=r"prices\.json\) is not JSON"):
        given(monkeypatch, str(path))


# --- system checks ---


def test_the_shipped_table_is_clean(settings: Settings) -> None:
    settings.OPENAI_API_KEY = "key"
    assert check_prices() == []


def test_a_table_that_cannot_be_read_is_an_error_with_a_hint(settings: Settings) -> None:
    settings.MODEL_PRICES = {"currency": "USD", "date": "2026-11-01", "models": {"m": {"input": -1}}}
    [problem] = check_prices()
    assert (problem.id, problem.is_serious()) == ("persona.E020", True)
    assert "models.m.output: is missing" in problem.msg
    assert "models.m.input: a number from 0" in problem.msg
    assert "price list" in (problem.hint or "")


def test_of_many_problems_the_first_are_told(settings: Settings) -> None:
    models = {f"m{number}": 1 for number in range(8)}
    settings.MODEL_PRICES = {"currency": "USD", "date": "2026-11-01", "models": models}
    [problem] = check_prices()
    assert "models.m4" in problem.msg
    assert "and 3 more" in problem.msg


def test_a_model_without_a_price_is_a_warning_where_it_is_called(settings: Settings) -> None:
    settings.OPENAI_MODEL = "mystery"
    assert check_prices() == []
    settings.OPENAI_API_KEY = "never-shown"
    [problem] = check_prices()
    assert (problem.id, problem.is_serious()) == ("persona.W020", False)
    assert "mystery" in problem.msg
    assert "never-shown" not in f"{problem.msg} {problem.hint}"
