"""A long text in parts: nothing lost, nothing divided within a letter, divided at the best place in reach."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalization.condensing.division import divided, is_boundary
from personalization.tokens import estimated_tokens

FAMILY = "👩‍👩‍👧‍👦"
# Letters as people see them, each of several code points, and the Korean syllable of three.
LETTERS = [FAMILY, "й", "🇷🇺", "👍🏽", "e\u0301\u0323", "각", "क्ष", "\r\n", "☺️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]

pieces = st.sampled_from([*LETTERS, "слово ", "Фраза. ", "\n\n", "# Глава\n", "12 ", "x" * 40, " "])


@given(st.lists(pieces, max_size=200).map("".join), st.integers(1, 120))
def test_nothing_is_lost_and_no_part_is_too_large(text: str, most: int) -> None:
    parts = divided(text, most, estimated_tokens)
    assert "".join(parts) == text
    assert all(parts)
    largest = max(map(estimated_tokens, LETTERS))
    assert all(estimated_tokens(part) <= max(most, largest) for part in parts)


@given(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=60), st.integers(1, 40))
def test_no_part_begins_within_a_letter(letters: list[str], most: int) -> None:
    text = "a".join(letters)
    ends, place = {0, len(text)}, 0
    for letter in letters:
        ends |= {place, place + len(letter)}
        place += len(letter) + 1
    at = 0
    for part in divided(text, most):
        assert at in ends
        at += len(part)


def test_flags_are_divided_between_two_of_them() -> None:
    flags = "🇷🇺🇬🇧🇫🇷"
    assert [place for place in range(1, 6) if is_boundary(flags, place)] == [2, 4]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Слово. " * 10 + "\n# Глава\n" + "Слово. " * 10, "# Глава"),
        ("Слово, слово. " * 5 + "\n\nАбзац. " + "Слово, слово. " * 5, "Абзац"),
        ("слово, " * 10 + "\nстрока " + "слово, " * 10, "строка"),
        ("слово, " * 10 + "конец. Начало " + "слово, " * 10, " Начало"),
        ("слово слово " * 6 + "тут, там " + "слово слово " * 6, " там"),
        ("слово " * 12 + "5 минут " + "слово " * 12, " "),
    ],
)
def test_the_best_place_in_reach_is_taken(text: str, begins: str) -> None:
    first, second = divided(text, len(text) * 6 // 10)
    assert second.startswith(begins)
    assert not first.endswith("5")


def test_a_number_stays_whole_and_with_its_unit() -> None:
    parts = divided("слово " * 20 + "1500 " * 20 + "12345678 минут " * 20, 60)
    assert all(not part.rstrip().endswith(("1", "12", "123", "12345678")) for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        "я" * 200_000,
        FAMILY * 29_000,
        "а " * 100_000,
        "7" * 200_000,
        "a" + "\u0301" * 200_000,
        "\n" * 200_000,
        "Фраза за фразой. " * 12_000,
    ],
    ids=["letters", "emoji", "words", "digits", "one letter with accents", "lines", "sentences"],
)
def test_two_hundred_thousand_characters_take_no_time(text: str) -> None:
    began = time.process_time()
    parts = divided(text, 4_000, estimated_tokens)
    assert time.process_time() - began < 2
    assert "".join(parts) == text
    if unicodedata.category(text[-1]) != "Mn":  # so many accents are no letter of any language
        assert max(map(estimated_tokens, parts)) <= 4_000
        assert all(is_boundary(text, len(part)) for part in parts[:1])
