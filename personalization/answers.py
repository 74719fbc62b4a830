"""What of a learner may leave, and how their name comes back into the answer."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

from courses.formats.definition import Document
from personalization.contact_labels import asks_who, is_contact_key, questions
from personalization.name_forms import capitalised_name_pattern, glances, name_pattern, whole_words
from personalization.phones import NAMED, NUMBER, PHONE
from personalization.told_names import name_in, told

NAME_PLACEHOLDER = "{{name}}"
REMOVED = "[…]"
NO_ANSWER: tuple[Any, ...] = ("", None, [], {})

# Tried at the start of a word only: from every letter of it, a megabyte without blanks would take hours.
# U+FF20 is the same sign as wide as a Chinese letter: a phone's keyboard may write it.
EMAIL = re.compile(r"(?<![^\s@\uff20<>\"'])[^\s@\uff20<>\"']+[@\uff20][^\s@\uff20<>\"']+\.\w{2,}")
# Whole numbers first: a word in front says of any digits that they are one, of two numbers' too.
PHONES = ((PHONE, REMOVED), (NAMED, rf"\g<word>{REMOVED}"))
# More of an answer steers no text, and all of it would be paid for with each lesson of the course.
LONGEST_ANSWER = 3_000  # characters
LONGEST_ANSWERS = 15_000  # of one learner, keys too
CUT = " […]"
# Marks that turn the order of letters around, or say where it turns: what stands there is not what one sees.
# And those that nobody sees: within a name they would hide it.
UNSEEN = re.compile(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u00ad\u180e\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f]"
)
_STRESS = re.compile("(?<=[А-Яа-яЁё])[\u0300\u0301]")
_CODE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_.][A-Za-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]*)+")
_NUMBERED = re.compile(
    r"(?:[A-Za-z]{1,4}|field|question|answer|option|вопрос|поле)?[_ -]*\d{1,6}", re.IGNORECASE
)
MORE = "…"  # in the place of a field's name that says nothing


def usable_name(name: str | None) -> str | None:
    """The name to address a learner by; None where there is none, or an e-mail address in its place."""
    name = (name or "").strip()
    return name if name and "@" not in name else None


def cleaned_answers(
    survey: object,
    name: str | None,
    user_identifier: str,
    contacts: Collection[str] = (),
    names: Collection[str] = (),
) -> dict[str, Any]:
    """The learner's answers without what must never leave: e-mail addresses, phone numbers, name, identifier.

    Empty answers are left out, so that an unanswered question is not mentioned. `contacts`: keys of questions
    that ask who somebody is, `names`: those that ask for a name; those that say so themselves are known.
    """
    if not isinstance(survey, dict):
        return {}
    name, user_identifier = (_normal(text or "") for text in (name, user_identifier))
    rest = {key: value for key, value in survey.items() if key not in contacts and not is_contact_key(key)}
    others = [name_in(_normal(text)) for text in told(survey, names)]
    result: dict[str, Any] = _cleaned(rest, _replacements(rest, name.strip(), user_identifier, others))
    return result


def without_contacts(text: str) -> str:
    """What an editor wrote, for a prompt: a coach's e-mail address or phone number is nobody's business."""
    for pattern, replacement in ((EMAIL, REMOVED), *PHONES):
        text = pattern.sub(replacement, text)
    return text


type Replacements = list[tuple[re.Pattern[str], str]]


def _replacements(
    survey: dict[Any, Any], name: str, user_identifier: str, others: Iterable[str] = ()
) -> Replacements:
    """Those that may find something. `others`: names besides the one that is put in at the end.

    Patterns of a name and an identifier are made for this learner alone. That takes thirty times as long as
    to see that the answers hold neither, as nearly all do.
    """
    said = _normal("\n".join(_strings(survey)))
    folded = _folded(said)
    replacements: Replacements = []
    if "@" in said or "\uff20" in said:
        replacements.append((EMAIL, REMOVED))
    if NUMBER.search(said):
        replacements += PHONES
    if user_identifier and _folded(user_identifier) in folded:
        replacements.append((_identifier_pattern(user_identifier), REMOVED))
    for each in dict.fromkeys((name, *others)):
        if each and any(_folded(part) in folded for part in glances(each)):
            own = each == name
            found = name_pattern(each) if own else capitalised_name_pattern(each)
            replacements.append((found, NAME_PLACEHOLDER if own else REMOVED))
    return replacements


def _strings(value: Any) -> Iterator[str]:
    """All texts of the answers, keys too; numbers as texts."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str | int):
        yield str(value)


def _normal(text: str) -> str:
    """Without what hides a name: signs that nobody sees, stress marks above Russian letters."""
    if text.isascii():
        return text
    # Not translate: it looks each letter up, and nearly no text has one of these.
    normal = unicodedata.normalize("NFC", UNSEEN.sub("", text))
    stressed = "\u0300" in normal or "\u0301" in normal
    return _STRESS.sub("", normal) if stressed else normal


def _folded(text: str) -> str:
    """Equal for all that a pattern takes for equal that ignores case, and for е and ё."""
    return text.casefold().replace("ё", "е").replace("\u0307", "").replace("ı", "i")


# As name_pattern.
@lru_cache(maxsize=2048)
def _identifier_pattern(user_identifier: str) -> re.Pattern[str]:
    return whole_words([re.escape(user_identifier)])


def _cleaned(value: Any, replacements: Replacements) -> Any:
    if isinstance(value, str):
        value = _normal(value)
        for pattern, replacement in replacements:
            value = pattern.sub(replacement, value)
        return value.strip()
    if isinstance(value, list):
        items = [_cleaned(item, replacements) for item in value]
        return [item for item in items if item not in NO_ANSWER]
    if isinstance(value, dict):
        kept = (
            {}
            if any(map(asks_who, questions(value)))
            else {k: item for k, item in value.items() if not is_contact_key(k)}
        )
        pairs = [(_cleaned(key, replacements), _cleaned(item, replacements)) for key, item in kept.items()]
        return {key: item for key, item in pairs if item not in NO_ANSWER}
    if isinstance(value, int):
        # A phone number or an identifier may come as a number.
        text = _cleaned(str(value), replacements)
        return value if text == str(value) else text
    return value


def in_words(value: Any) -> Any:
    """The answers without names of fields and codes in them: `practice_model` becomes "practice model".

    A name that only numbers its field, such as q17, becomes dots: what was answered counts all the same.
    """
    if isinstance(value, dict):
        result: dict[str, Any] = {}
        for key, item in value.items():
            said = key_in_words(key)
            while said in result:
                said += MORE
            result[said] = in_words(item)
        return result
    if isinstance(value, list):
        return [in_words(item) for item in value]
    return _words_of(value) if isinstance(value, str) and _CODE_NAME.fullmatch(value) else value


@lru_cache(maxsize=1024)
def key_in_words(key: str) -> str:
    if _NUMBERED.fullmatch(key):
        return MORE
    return _words_of(key) if _CODE_NAME.fullmatch(key) else key


def _words_of(name: str) -> str:
    return " ".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_.]", " ", name).lower().split())


def bounded(answers: dict[str, Any], most: int = LONGEST_ANSWERS) -> dict[str, Any]:
    """The answers, no longer than a prompt has room for: the first ones whole, what is cut with a mark."""
    room = most
    result: dict[str, Any] = {}
    for key, value in answers.items():
        room -= len(key)
        kept, room = _fitted(value, room)
        if kept not in NO_ANSWER:
            result[key] = kept
    return result


def _fitted(value: Any, room: int) -> tuple[Any, int]:
    """What of the value fits, and how much room is left; nothing of it where there was none."""
    if isinstance(value, list):
        items = []
        for item in value:
            kept, room = _fitted(item, room)
            items.append(kept)
        return [item for item in items if item not in NO_ANSWER], room
    if isinstance(value, dict):
        pairs = {}
        for key, item in value.items():
            pairs[key], room = _fitted(item, room - len(key))
        return {key: item for key, item in pairs.items() if item not in NO_ANSWER}, room
    if not isinstance(value, str):
        return (value if room > 0 else None), room - 1
    most = min(room, LONGEST_ANSWER)
    if len(value) <= most:
        return value, room - len(value)
    return (value[:most].rstrip() + CUT if most > 0 else ""), room - max(most, 0)


def with_name(document: Document, name: str | None) -> Document:
    """The answer with the learner's name in the placeholder's place, or neatly without it."""
    return {key: _named(value, name) for key, value in document.items()}


def _named(value: Any, name: str | None) -> Any:
    if isinstance(value, list):
        return [_named(item, name) for item in value]
    if not isinstance(value, str) or NAME_PLACEHOLDER not in value:
        return value
    if name:
        return value.replace(NAME_PLACEHOLDER, name)
    bare = re.sub(r"\s*,?\s*\{\{name\}\}\s*([,!:.?;…]?)\s*", r"\1 ", value).lstrip(" ,!:.?;").rstrip()
    return bare[:1].upper() + bare[1:]
