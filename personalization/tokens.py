"""How many tokens a text has, about, without a tokenizer: those are downloaded, and each model has its own.

By characters and bytes, which PostgreSQL counts as quickly as Python: `TOKENS` is the same expression. The
estimate is meant to be too high rather than too low; what comes back as usage corrects it where costs are
estimated (`costs.learning`).
"""

import json

from courses.formats.definition import Format, Kind, Section

# Tenths of a token.
PER_ASCII = 3
PER_WIDE_BYTE = 6  # each byte of a character beyond its first: Cyrillic letters have one, Chinese two
TOKENS = (
    f"(greatest(2 * {{characters}} - {{octets}}, 0) * {PER_ASCII}"
    f" + ({{octets}} - {{characters}}) * {PER_WIDE_BYTE} + 9) / 10"
)

WORDS_A_SENTENCE = 20
WORDS_AN_ITEM = 18
SENTENCES = 2  # of a section whose guidance names no number
LETTERS_A_WORD = {"ru": "слово ", "en": "words "}


def estimated_tokens(text: str) -> int:
    """Of one text. A message, a schema and an answer have some more, for their frame."""
    characters = len(text)
    wide = len(text.encode(errors="surrogatepass")) - characters
    return (max(characters - wide, 0) * PER_ASCII + wide * PER_WIDE_BYTE + 9) // 10


def tokens_sql(text: str) -> str:
    """The same as an SQL expression: `text` is one of type text."""
    return TOKENS.format(characters=f"char_length({text})", octets=f"octet_length({text})")


def guided_tokens(fmt: Format, language: str) -> int:
    """Of an answer that takes all the room that the format's guidance gives it."""
    words = sum(_words(section) for section in fmt.written)
    frame = json.dumps({section.key: [] for section in fmt.written})
    return estimated_tokens(LETTERS_A_WORD.get(language, LETTERS_A_WORD["ru"]) * words) + estimated_tokens(
        frame
    )


def _words(section: Section) -> int:
    if section.kind is Kind.LIST:
        return (section.items or (0, 5))[1] * (section.words or WORDS_AN_ITEM)
    return (section.sentences or (0, SENTENCES))[1] * WORDS_A_SENTENCE
