"""What looks like a key or a password: it belongs into the environment, where nobody reads it by chance."""

import math
import re
from collections import Counter

from django.utils.translation import gettext as _

# Each repetition is bounded: 100,000 characters of dashes would else take minutes.
_SHAPES = (
    re.compile(r"\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]{1,40}[-_]){0,4}[A-Za-z0-9]{16}"),  # OpenAI, Stripe
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),  # AWS
    re.compile(r"\b(?:ghp|gho|ghs|github_pat|glpat|xox[abp])[-_][A-Za-z0-9_-]{16}"),
    re.compile(r"\bAIza[0-9A-Za-z_-]{30}"),  # Google
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,500}\.[A-Za-z0-9_-]{10}"),  # JSON web token
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{1,200}:[^\s/@]{1,200}@"),  # a password in an address
    re.compile(r"\b[Bb]earer\s+[A-Za-z0-9._~+/-]{16}"),
)
_NAMED = re.compile(
    r"(?:password|passwd|secret|api[ _-]?key|access[ _-]?token|парол[ья]|ключ api)\s{0,20}[:=]\s{0,20}\S{6}",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:password|passwd|secret|api_?key|token|credential|private_?key)", re.IGNORECASE)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_BITS = 3.5  # a character, of what is drawn at random; words and dashes have less, or no digits


def secret_problem(text: str) -> str | None:
    """Why the text looks like a secret, with what to do; None where it does not. Never quotes it."""
    if any(shape.search(text) for shape in (*_SHAPES, _NAMED)) or _is_random(text.strip()):
        return _remedy(_("This looks like a key or a password."))
    return None


def secret_name_problem(key: str) -> str | None:
    """The same of a name under which only a secret would be kept."""
    return _remedy(_("By its name this is a key or a password.")) if _NAME.search(key) else None


def _remedy(found: str) -> str:
    return f"{found} " + _(
        "Secrets have no place here: everyone who sees this page, and every copy of the database, would have "
        "it. Put it into the environment (see .env.example)."
    )


def _is_random(text: str) -> bool:
    """Of a value that is one word."""
    if not _RANDOM.fullmatch(text) or not re.search(r"\d", text) or not re.search(r"[A-Za-z]", text):
        return False
    counts = Counter(text)
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return bits >= _BITS
