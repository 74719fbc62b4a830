"""What looks like a key or a password: it belongs into the environment, where nobody reads it by chance.

Words about secrets are none: "Secret: the trick is to breathe" is a sentence. What follows such a word
decides, and how it is written.
"""

import math
import re
from collections import Counter
from itertools import pairwise

from django.utils.translation import gettext as _

# Each repetition is bounded: 100,000 characters of dashes would else take minutes.
_SHAPES = (
    re.compile(r"\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]{1,40}[-_]){0,4}[A-Za-z0-9]{16}"),  # OpenAI, Stripe
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),  # AWS
    re.compile(r"\b(?:ghp|gho|ghs|github_pat|glpat|xox[abp])[-_][A-Za-z0-9_-]{16}"),
    re.compile(r"\bAIza[0-9A-Za-z_-]{30}"),  # Google
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,500}\.[A-Za-z0-9_-]{10}"),  # JSON web token
    re.compile(r"\b\d{6,12}:[A-Za-z0-9_-]{30}"),  # Telegram's bots
    re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
    re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{1,200}:[^\s/@]{1,200}@"),  # a password in an address
    re.compile(r"\b[Bb]earer\s{1,20}[A-Za-z0-9._~+/-]{16}"),
)
_IS = r"\s{0,20}(?:[:=]|\bis\b|—|–)\s{0,20}"
_VALUE = r"([^\n]{1,200})"
# What is called so has a value that people type: a word, or several without sense.
_PASSWORD = re.compile(
    rf"(?:password|passwd|passphrase|passcode|\bpwd|парол[ья])({_IS}){_VALUE}", re.IGNORECASE
)
# What is called so has a value that a program made.
_KEY = re.compile(
    r"(?:secret|(?:api|access|private|secret)[ _-]?key|(?:access|auth|api|bot)[ _-]?token|ключ api|секрет)"
    rf"({_IS}){_VALUE}",
    re.IGNORECASE,
)
# Of a sentence: what is said of a password is not the password.
_IN_SENTENCES = """
    a an the is are it its this that these on in at of to for from by with and or not no your you we our my
    his her their if when where who what how as be must may can will ask see each every has have
    в на и не с со у к из от по за для до о об что как где кто это его её их вы вам вас ваш мы наш он она или
    если когда есть был можно нужно
"""
_SENTENCE = frozenset(_IN_SENTENCES.split())
_FEWEST = 6  # characters of a value that protects anything
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_PLAIN = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+|\d{1,8}")  # a piece of a slug such as warm-hands-2026
_BITS = 3.5  # a character, of what is drawn at random; words and dashes have less, or no digits

_SECRET_NAMES = re.compile(r"passw(?:or)?d|passphrase|passcode|pwd|secrets?|credentials?|apikey")
_KEYS = re.compile(r"api|private|access|secret")
_TOKENS = re.compile(r"access|auth|api|bot|refresh|bearer|id")  # kinds of tokens that open something
# Beside these a token is what models count by.
_COUNTED = re.compile(r"max|min|most|least|per|count|limit|budget|size|number|input|output")


def secret_problem(text: str) -> str | None:
    """Why the text looks like a secret, with what to do; None where it does not. Never quotes it."""
    found = (
        any(shape.search(text) for shape in _SHAPES)
        or any(_is_password(match[1], match[2]) for match in _PASSWORD.finditer(text))
        or any(_is_made(_words(match[2])[:1]) for match in _KEY.finditer(text))
        or any(map(_is_random, _words(text)))
    )
    return _remedy(_("This looks like a key or a password.")) if found else None


def secret_name_problem(key: str) -> str | None:
    """The same of a name under which only a secret would be kept."""
    return _remedy(_("By its name this is a key or a password.")) if _names_secret(key) else None


def _names_secret(key: str) -> bool:
    words = key.lower().replace("-", "_").split("_")
    return (
        any(map(_SECRET_NAMES.fullmatch, words))
        or any(_KEYS.fullmatch(kind) and what in ("key", "keys") for kind, what in pairwise(words))
        or any(_TOKENS.fullmatch(kind) and what in ("token", "tokens") for kind, what in pairwise(words))
        or ("token" in words and not any(map(_COUNTED.fullmatch, words)))
    )


def _remedy(found: str) -> str:
    return f"{found} " + _(
        "Secrets have no place here: everyone who sees this page, and every copy of the database, would have "
        "it. Put it into the environment (see .env.example)."
    )


def _is_password(between: str, value: str) -> bool:
    """Of what follows the word: a made-up word, or words that make no sentence."""
    words = _words(value)
    if _is_made(words[:1]):
        return True
    if between.strip() not in (":", "="):
        return False  # "the password is on the door"
    makes_sense = bool(_SENTENCE & {word.casefold() for word in words})
    return not makes_sense and len(value.strip()) >= _FEWEST


def _is_made(words: list[str]) -> bool:
    """Whether the word mixes letters with digits or signs, as no word of a sentence does."""
    if not words or len(words[0]) < _FEWEST:
        return False
    [word] = words
    letters = any(map(str.isalpha, word))
    others = any(map(str.isdigit, word)) or bool(re.search(r"[^\w\s'’.-]", word))
    return (letters and others) or word.isdigit()


def _words(text: str) -> list[str]:
    return [word for part in text.split() if (word := part.strip(".,;:!?\"'«»“”()[]"))]


def _is_random(word: str) -> bool:
    if not _RANDOM.fullmatch(word) or not re.search(r"\d", word) or not re.search(r"[A-Za-z]", word):
        return False
    if all(_PLAIN.fullmatch(piece) for piece in re.split(r"[-_/]", word) if piece):
        return False  # a slug
    counts = Counter(word)
    bits = -sum(n / len(word) * math.log2(n / len(word)) for n in counts.values())
    return bits >= _BITS
