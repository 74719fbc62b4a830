"""What of a learner may stand in a message: nothing that leads to the person."""

import re

_PHONE = re.compile(r"\+?[\d\s().–-]+")
FEWEST_DIGITS = 9  # in a phone number; shorter ones are ordinary numeric identifiers


def is_contact(text: str) -> bool:
    """Whether this is, or holds, an e-mail address, or is a phone number."""
    return "@" in text or bool(_PHONE.fullmatch(text) and len(re.findall(r"\d", text)) >= FEWEST_DIGITS)


def shown_identifier(identifier: str, place: int) -> str:
    """The identifier where it may be shown, else which entry it is, counted from 1."""
    return f"(entry {place})" if is_contact(identifier) or not identifier.isprintable() else identifier[:60]


def without_contacts(text: str) -> str:
    """The text without the words that hold an e-mail address."""
    return re.sub(r"[^\s/]*@[^\s/]*", "(hidden)", text) if "@" in text else text


def shown_pointer(pointer: str) -> str:
    """A JSON pointer without the parts that lead to a person."""
    return "/".join("(hidden)" if is_contact(part) else part for part in pointer.split("/"))
