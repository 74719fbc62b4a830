"""How many tokens a text has, about, without a tokenizer: those are downloaded, and each model has its own.

By characters and bytes, which PostgreSQL counts as quickly as Python: `TOKENS` is the same expression. The
estimate is meant to be too high rather than too low: limits, windows and reserved money go by it. Measured on
the sample store: 1.1 times what cl100k_base counts of Russian transcripts, 1.7 times what o200k_base does; of
English 1.26 times what either does. Where costs are estimated, `overcounted` takes that out again for models
of which it is known, and what comes back as usage corrects the rest (`costs.learning`).
"""

import json
import re
import string
from collections.abc import Callable

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

# Tenths of a token, for `most_tokens`.
MOST_PER_LETTER = 4  # of ASCII, and a space
MOST_PER_SIGN = 10  # digits, punctuation, line breaks: some tokenizers make a token of each
MOST_PER_BYTE = 5  # of other characters
_LETTERS = (string.ascii_letters + " ").encode()
_OTHERS = bytes(range(128, 256))

_O200K = re.compile(r"(^|/)(gpt-4o|gpt-4\.1|gpt-5|o1|o3|o4)(?![0-9a-z])")  # as OpenAI and gateways name them
_OVER_O200K = {"ru": 1.7, "en": 1.26}


def overcounted(model: str, language: str) -> float:
    """How many times the model's own tokens ours are, of a text in the language; 1.0 where nobody knows."""
    return _OVER_O200K.get(language, 1.0) if _O200K.search(model) else 1.0


def estimated_tokens(text: str) -> int:
    """Of one text. A message, a schema and an answer have some more, for their frame."""
    characters = len(text)
    wide = len(text.encode(errors="surrogatepass")) - characters
    return (max(characters - wide, 0) * PER_ASCII + wide * PER_WIDE_BYTE + 9) // 10


def most_tokens(text: str) -> int:
    """As the usual tokenizers will hardly exceed, whatever the text: one of time codes has three times what
    is estimated of it. Money is reserved by it; what a text likely costs is less by a third or a half."""
    data = text.encode(errors="surrogatepass")
    without_letters = data.translate(None, _LETTERS)
    signs = len(without_letters.translate(None, _OTHERS))
    letters, others = len(data) - len(without_letters), len(without_letters) - signs
    return (letters * MOST_PER_LETTER + signs * MOST_PER_SIGN + others * MOST_PER_BYTE + 9) // 10


def tokens_sql(text: str) -> str:
    """The same as an SQL expression: `text` is one of type text."""
    return TOKENS.format(characters=f"char_length({text})", octets=f"octet_length({text})")


def guided_tokens(fmt: Format, language: str) -> int:
    """Of an answer that takes all the room that the format's guidance gives it."""
    return _answer_tokens(fmt, language, lambda room: room[1])


def likely_tokens(fmt: Format, language: str) -> int:
    """Of an answer in the middle of that room. Personal texts of the sample store take a bit less still."""
    return _answer_tokens(fmt, language, lambda room: (room[0] + room[1]) / 2)


type _Room = tuple[int, int]
type _Taken = Callable[[_Room], float]


def _answer_tokens(fmt: Format, language: str, taken: _Taken) -> int:
    words = round(sum(_words(section, taken) for section in fmt.written))
    frame = json.dumps({section.key: [] for section in fmt.written})
    return estimated_tokens(LETTERS_A_WORD.get(language, LETTERS_A_WORD["ru"]) * words) + estimated_tokens(
        frame
    )


def _words(section: Section, taken: _Taken) -> float:
    if section.kind is Kind.LIST:
        return taken(section.items or (0, 5)) * (section.words or WORDS_AN_ITEM)
    return taken(section.sentences or (0, SENTENCES)) * WORDS_A_SENTENCE
