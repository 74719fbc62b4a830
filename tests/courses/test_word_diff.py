"""Two texts by their words: every word of both is there, and those that differ are marked."""

from hypothesis import given
from hypothesis import strategies as st

from courses.admin.word_diff import Kind, Piece, word_pieces

TEXTS = st.text(st.sampled_from("ab ,\nё"), max_size=60)


@given(TEXTS, TEXTS)
def test_put_together_again_both_are_what_was_given(old: str, new: str) -> None:
    pieces = word_pieces(old, new)
    for other, text in ((Kind.NEW, old), (Kind.GONE, new)):
        assert "".join(piece.text for piece in pieces if piece.kind != other) == text


@given(TEXTS)
def test_the_same_text_has_no_difference(text: str) -> None:
    assert word_pieces(text, text) == ([Piece(Kind.SAME, text)] if text else [])


def test_the_words_that_differ_are_marked() -> None:
    assert word_pieces("Warm your hands.\nWait.", "Warm both palms.\nWait.") == [
        Piece(Kind.SAME, "Warm "),
        Piece(Kind.GONE, "your hands"),
        Piece(Kind.NEW, "both palms"),
        Piece(Kind.SAME, ".\nWait."),
    ]


def test_one_word_of_a_long_text_without_lines_is_found() -> None:
    words = [f"word{number}" for number in range(2000)]
    old, new = " ".join(words), " ".join([*words[:1000], "other", *words[1001:]])
    changed = [piece for piece in word_pieces(old, new) if piece.kind != Kind.SAME]
    assert changed == [Piece(Kind.GONE, "word1000 "), Piece(Kind.NEW, "other ")]


def test_words_that_come_again_and_again_hide_no_match() -> None:
    words = [f"word{number % 100}" for number in range(1000)]
    new = [word if number % 10 else "x" for number, word in enumerate(words)]
    pieces = word_pieces(" ".join(words), " ".join(new))
    assert sum(len(piece.text) for piece in pieces if piece.kind == Kind.SAME) > 4000


def test_a_stretch_with_too_many_words_is_marked_as_a_whole() -> None:
    words = " ".join(f"word{number}" for number in range(6000))
    old, new = f"one {words}", f"two {words}"
    assert word_pieces(old, new) == [Piece(Kind.GONE, old), Piece(Kind.NEW, new)]
