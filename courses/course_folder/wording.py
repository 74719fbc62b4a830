"""What a text from a store may be: rules for texts of one line, such as titles, names and identifiers."""

import re
import unicodedata

# They turn the reading direction around, so that a text looks like another one.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TAG_LETTERS = [chr(letter) for letter in range(0xE0000, 0xE0080)]
_ORDER_WORDS = ("ignore", "disregard", "system", "<|", "игнорируй", "забудь")
_ORDERS = re.compile(
    r"(?:ignore|disregard|forget)\s+(?:all\s+|any\s+|the\s+|your\s+|previous\s+|above\s+)+"
    r"(?:instructions?|prompts?|rules|text)|^\s*#*\s*system\s*(?:prompt|message)?\s*:|<\|[a-z_]+\|>"
    r"|(?:игнорируй(?:те)?|забудь(?:те)?)\s+(?:все\s+|всё\s+|предыдущие\s+|прошлые\s+|эти\s+|свои\s+)+"
    r"(?:инструкции|указания|правила)",
    re.MULTILINE,
)
_WORKING_MARKS = re.compile(r"([+*#=~_?!])\1\1|\b(?:TODO|FIXME|TBD|XXX)\b")
# For a database, whose word boundaries depend on its locale: it finds more, has_working_marks decides.
MAYBE_WORKING_MARKS = _WORKING_MARKS.pattern.replace(r"\b", "")


def line_problem(text: str, most: int) -> str | None:
    """Why this cannot be a text of one line with at most `most` characters; None: it can."""
    if not text.strip():
        return "is empty: write a text"
    if len(text) > most:
        return f"has {len(text):,} characters, at most {most:,} are allowed"
    bad = next((letter for letter in text if not _allowed(letter)), None)
    return f"holds the character U+{ord(bad):04X} ({_name(bad)}): remove it" if bad else None


def tidy(text: str) -> str:
    """The text as it is compared and stored: NFC, without blanks around it."""
    return unicodedata.normalize("NFC", text).strip()


def injection(text: str) -> tuple[int, str] | None:
    """Where in a transcript somebody seems to talk to a language model, and how; None: nowhere.

    Words are looked for first: as a pattern alone they would cost more than the rest of an import.
    """
    lowered = text.lower()
    found = _ORDERS.search(lowered) if any(word in lowered for word in _ORDER_WORDS) else None
    if found:
        return found.start(), f"reads like an order to a language model: {found[0].strip()[:60]!r}"
    # Not a pattern: of most texts Python knows without a look that they hold no letter of so high a number.
    places = [place for letter in _TAG_LETTERS if (place := text.find(letter)) >= 0]
    if places:
        letter = ord(text[min(places)])
        return min(places), f"holds the invisible character U+{letter:04X}, which can hide an order"
    return None


def has_working_marks(title: str) -> bool:
    return bool(_WORKING_MARKS.search(title))


def _allowed(letter: str) -> bool:
    return letter not in _BIDI and unicodedata.category(letter) not in ("Cc", "Co", "Cs", "Zl", "Zp")


def _name(letter: str) -> str:
    if letter in "\n\r\u2028\u2029":
        return "line break"
    return unicodedata.name(letter, "control character").lower()
