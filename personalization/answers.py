"""What of a learner may leave, and how their name comes back into the answer."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from courses.formats.definition import Document

NAME_PLACEHOLDER = "{{name}}"
REMOVED = "[…]"
NO_ANSWER: tuple[Any, ...] = ("", None, [], {})

# Tried at the start of a word only: from every letter of it, a megabyte without blanks would take hours.
# U+FF20 is the same sign as wide as a Chinese letter: a phone's keyboard may write it.
EMAIL = re.compile(r"(?<![^\s@\uff20<>\"'])[^\s@\uff20<>\"']+[@\uff20][^\s@\uff20<>\"']+\.\w{2,}")
# What each phone number begins with. Digits that are not ASCII stand behind U+0660: a range is searched for
# more quickly than the class of digits.
_BETWEEN = r"\s()./\-\u2010-\u2015\u2212"  # digits of one number; every dash there is
LONG_NUMBER = re.compile(rf"[0-9\u0660-\U0010ffff][\d{_BETWEEN}]{{8}}")
PHONE = re.compile(rf"(?<!\d)(?<!\d[.,])\+?\d(?:[{_BETWEEN}]*\d){{8,}}(?!\d)")
# Old surveys carry who somebody is among what they answered.
CONTACT_KEYS = frozenset(
    ("name", "realname", "firstname", "lastname", "fullname", "surname", "nickname")
    + ("uid", "userid", "useridentifier", "email", "mail", "phone", "tel", "telephone")
    + ("username", "login", "phonenumber", "mobile", "emailaddress", "contact", "contacts")
    + ("telegram", "whatsapp", "instagram", "vk", "skype", "viber")
    + ("имя", "фамилия", "отчество", "фио", "телефон", "номертелефона", "почта", "логин", "ник", "контакты")
)
# More of an answer steers no text, and all of it would be paid for with each lesson of the course.
LONGEST_ANSWER = 3_000  # characters
LONGEST_ANSWERS = 15_000  # of one learner, keys too
CUT = " […]"
# Marks that turn the order of letters around, or say where it turns: what stands there is not what one sees.
# And those that nobody sees: within a name they would hide it.
UNSEEN = dict.fromkeys(
    (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    + (0x00AD, 0x180E, 0x200B, *range(0x2060, 0x2065), 0xFEFF, *range(0xE0000, 0xE0080))
)
_CODE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_.][A-Za-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]*)+")
_NUMBERED = re.compile(
    r"(?:[A-Za-z]{1,4}|field|question|answer|option|вопрос|поле)?[_ -]*\d{1,6}", re.IGNORECASE
)
MORE = "…"  # in the place of a field's name that says nothing
# A Russian name stands in any case: Нина, Нины, Нину, Ниной; Руслан, Руслана, Русланом.
_ENDINGS = "а|я|ы|и|е|у|ю|ой|ей|ёй|ою|ею|ом|ем|ём|й|ь"
# Орлов has an adjective's in some: Орловым; so has a whole family: Орловых. Not the shortest: Лев is not
# in "Левая рука".
_SURNAME_ENDINGS = "ым|ых|ыми|им|их|ими|ого|его|ому|ему|ая|яя|ую|юю|ый|ий|ые|ие|ам|ям|ами|ями|ах|ях"
SHORTEST_STEM = 3  # letters; less would find other words


def usable_name(name: str | None) -> str | None:
    """The name to address a learner by; None where there is none, or an e-mail address in its place."""
    name = (name or "").strip()
    return name if name and "@" not in name else None


def cleaned_answers(survey: object, name: str | None, user_identifier: str) -> dict[str, Any]:
    """The learner's answers without what must never leave: e-mail addresses, phone numbers, name, identifier.

    Empty answers are left out, so that an unanswered question is not mentioned.
    """
    if not isinstance(survey, dict):
        return {}
    name, user_identifier = (_normal(text or "") for text in (name, user_identifier))
    result: dict[str, Any] = _cleaned(survey, _replacements(survey, name.strip(), user_identifier))
    return result


type Replacements = list[tuple[re.Pattern[str], str]]


def _replacements(survey: dict[Any, Any], name: str, user_identifier: str) -> Replacements:
    """Those that may find something.

    Patterns of a name and an identifier are made for this learner alone. That takes thirty times as long as
    to see that the answers hold neither, as nearly all do.
    """
    said = _normal("\n".join(_strings(survey)))
    folded = _folded(said)
    replacements: Replacements = []
    if "@" in said or "\uff20" in said:
        replacements.append((EMAIL, REMOVED))
    if LONG_NUMBER.search(said):
        replacements.append((PHONE, REMOVED))
    if user_identifier and _folded(user_identifier) in folded:
        replacements.append((_identifier_pattern(user_identifier), REMOVED))
    if name and any(_folded(part) in folded for part in (name, *map(_stem, _name_words(name)))):
        replacements.append((_name_pattern(name), NAME_PLACEHOLDER))
    return replacements


def _strings(value: Any) -> Iterator[str]:
    """All texts of the answers, keys too; numbers as texts."""
    if isinstance(value, dict):
        for key, item in value.items():
            if _plain(key) not in CONTACT_KEYS:
                yield str(key)
                yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str | int):
        yield str(value)


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(UNSEEN))


def _folded(text: str) -> str:
    """Equal for all that a pattern takes for equal that ignores case, and for е and ё."""
    return text.casefold().replace("ё", "е").replace("\u0307", "").replace("ı", "i")


def _name_words(name: str) -> list[str]:
    """Each word of a name that is no particle."""
    return [word for word in name.split() if (len(word) > 1 and word[0].isupper()) or len(word) > 2]


def _stem(word: str) -> str:
    return word.rstrip("аяйьеёиоуыюэ") or word


# A learner comes again with each lesson; to make a pattern takes longer than to search with it.
@lru_cache(maxsize=2048)
def _identifier_pattern(user_identifier: str) -> re.Pattern[str]:
    return _words([re.escape(user_identifier)])


@lru_cache(maxsize=2048)
def _name_pattern(name: str) -> re.Pattern[str]:
    """The whole name first, then each word of it, as it is and in the cases of a name."""
    patterns = [_either_e(name)]
    for word in _name_words(name):
        stem = _stem(word)
        patterns.append(_either_e(word))
        if re.fullmatch(r"[А-ЯЁ][а-яё]*", stem) and len(stem) >= SHORTEST_STEM:
            endings = _ENDINGS if len(stem) == SHORTEST_STEM else f"{_ENDINGS}|{_SURNAME_ENDINGS}"
            patterns.append(f"(?-i:{_either_e(stem)}ь?(?:{endings})?)")
    return _words(patterns)


def _either_e(text: str) -> str:
    return re.sub("[её]", "[её]", re.sub("[ЕЁ]", "[ЕЁ]", re.escape(text)))


def _words(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _plain(key: object) -> str:
    return re.sub(r"[\W_]", "", str(key)).casefold()


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
        kept = {key: item for key, item in value.items() if _plain(key) not in CONTACT_KEYS}
        pairs = [(_cleaned(key, replacements), _cleaned(item, replacements)) for key, item in kept.items()]
        return {key: item for key, item in pairs if item not in NO_ANSWER}
    if isinstance(value, int):
        # A phone number or an identifier may come as a number.
        text = _cleaned(str(value), replacements)
        return value if text == str(value) else text
    return value


def is_contact_key(key: str) -> bool:
    """Whether surveys carry under this key who somebody is: what stands there never leaves."""
    return _plain(key) in CONTACT_KEYS


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
