"""Tokens are estimated from characters and bytes, by Python and PostgreSQL alike."""

import pytest
from django.db import connection

from courses.formats.definition import Format
from courses.formats.shapes import PERSONAL_FORMATS
from personalization.tokens import (
    estimated_tokens,
    guided_tokens,
    likely_tokens,
    most_tokens,
    overcounted,
    tokens_sql,
)

TEXTS = ["", "a", "word " * 100, "слово " * 100, "Ёлка 🎄 «тут» — 漢字", "x" * 7 + "ж" * 3]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.django_db
def test_the_database_estimates_the_same(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {tokens_sql('given.text')} FROM (SELECT %s::text AS text) given", [text])
        assert cursor.fetchone()[0] == estimated_tokens(text)


def test_cyrillic_letters_take_more_tokens_than_latin_ones() -> None:
    assert estimated_tokens("слово") == 3
    assert estimated_tokens("words") == 2
    assert estimated_tokens("漢字漢字") == 5


def test_half_a_pair_of_surrogates_is_counted_and_not_refused() -> None:
    assert estimated_tokens("\ud800") > 0


@pytest.mark.parametrize("text", [*TEXTS, "\ud800"])
def test_more_is_reserved_than_is_estimated(text: str) -> None:
    assert estimated_tokens(text) <= most_tokens(text) <= max(1, len(text.encode(errors="surrogatepass")))


@pytest.mark.parametrize("text", ["00:01:02,345 --> 00:01:04,567\n" * 30, "3.14159|2.71828|1.41421\r\n" * 30])
def test_of_time_codes_and_numbers_each_sign_may_be_a_token(text: str) -> None:
    assert most_tokens(text) >= len(text.replace(" ", ""))


def test_of_plain_words_not_much_more_is_reserved() -> None:
    assert most_tokens("word " * 100) <= 1.4 * estimated_tokens("word " * 100)
    assert most_tokens("слово " * 100) <= 1.7 * estimated_tokens("слово " * 100)


@pytest.mark.parametrize("fmt", PERSONAL_FORMATS, ids=lambda fmt: fmt.name)
def test_guidance_gives_an_answer_room(fmt: Format) -> None:
    russian, english = guided_tokens(fmt, "ru"), guided_tokens(fmt, "en")
    assert 300 < english < russian < 2_500
    assert guided_tokens(fmt, "xx") == russian


@pytest.mark.parametrize("fmt", PERSONAL_FORMATS, ids=lambda fmt: fmt.name)
def test_an_answer_likely_takes_less_than_all_its_room(fmt: Format) -> None:
    assert 0.6 < likely_tokens(fmt, "ru") / guided_tokens(fmt, "ru") < 0.95


@pytest.mark.parametrize("model", ["gpt-4.1-mini", "gpt-4o-2026-01-02", "openai/gpt-5-nano", "o3"])
def test_of_these_models_it_is_known_how_much_is_too_much(model: str) -> None:
    assert overcounted(model, "ru") > overcounted(model, "en") > 1


@pytest.mark.parametrize("model", ["local-8b", "gpt-4", "gpt-50", "my-gpt-4o", "o30"])
def test_of_others_it_is_not(model: str) -> None:
    assert overcounted(model, "ru") == 1
