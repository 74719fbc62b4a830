"""What of a learner may stand in a message: nothing that leads to the person."""

import re
import unicodedata

from courses.course_folder.names import NamedFile
from courses.formats.losses import Comparison

_PHONE = re.compile(r"\+?[\d\s().–-]+")
FEWEST_DIGITS = 9  # in a phone number; shorter ones are ordinary numeric identifiers


def is_contact(text: str) -> bool:
    """Whether this is, or holds, an e-mail address, or is a phone number, be it in full-width letters."""
    text = unicodedata.normalize("NFKC", text).strip()
    return "@" in text or bool(_PHONE.fullmatch(text) and len(re.findall(r"\d", text)) >= FEWEST_DIGITS)


def shown_identifier(identifier: str, place: int) -> str:
    """The identifier where it may be shown, else which entry it is, counted from 1."""
    return f"(entry {place})" if is_contact(identifier) or not identifier.isprintable() else identifier[:60]


def without_contacts(text: str) -> str:
    """The text without the words that hold an e-mail address."""
    return re.sub(r"[^\s/]*[@\uff20\ufe6b][^\s/]*", "(hidden)", text)


def shown_file(file: NamedFile) -> str:
    """What a text's name says of its lesson; whatever else stands there may be a person's."""
    carried = (*map(str, file.labels), *([str(file.uuid)] if file.uuid else []))
    plain = "-".join(carried)
    rest = file.entry.key.casefold().removesuffix(".json")
    for part in carried:
        rest = rest.replace(part, "", 1)
    return file.name if not rest.strip("0-_. ") else f"{plain}-….json"


def shown_places(comparison: Comparison) -> Comparison:
    """What became of a text, its places without what leads to a person."""
    if not comparison.lost and not comparison.doubled:
        return comparison
    lost, doubled = (tuple(map(shown_pointer, places)) for places in (comparison.lost, comparison.doubled))
    return Comparison(comparison.strings, lost, doubled)


def shown_pointer(pointer: str) -> str:
    """A JSON pointer without the parts that lead to a person."""
    return "/".join("(hidden)" if is_contact(part) else part for part in pointer.split("/"))
