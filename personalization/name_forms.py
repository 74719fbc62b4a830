"""A learner's name wherever it may stand in their answers: in every case of it, in capitals, behind a stress.

A name may be a word as well: Вера, Роман, Will, Grace. The rule, for one learner's own answers:
1. Any form of the name that begins with a capital is taken for the name, at the beginning of a sentence too:
   better a word less than a name told.
2. In small letters it is the name as well, unless it is a word that people use (WORDS), an adjective, or has
   two letters. Such a word stays, but not behind “зовут”, “имя”, “my name is”, “call me”. Of a name that has
   only a case in common with one (Костя, “болят кости”) that case stays.
What a lesson says, and what others have answered, is never changed by somebody's name.
"""

import re
from functools import lru_cache
from itertools import takewhile

from personalization.common_words import WORDS

SHORTEST_LOOSE = 5  # letters of a stem that may have more endings than its own cases: a family, the other sex

_ENDINGS = "а|я|ы|и|е|у|ю|ой|ей|ёй|ою|ею|ом|ем|ём|й|ь"
# Орлов has an adjective's in some: Орловым; so has a whole family: Орловых.
_SURNAME_ENDINGS = "ым|ых|ыми|им|их|ими|ого|его|ому|ему|ая|яя|ую|юю|ый|ий|ые|ие|ам|ям|ами|ями|ах|ях"
_LOOSE = f"{_ENDINGS}|{_SURNAME_ENDINGS}"
_ADJECTIVE_ENDINGS = "ый ий ой ого его ому ему ым им ом ем ая яя ую юю ою ею ей ое ее ые ие ых их ыми ими"
_ADJECTIVE = _ADJECTIVE_ENDINGS.split()
# Last letter of a name → what stands in its place in the other cases.
_CASES = {
    "а": "а ы и е у ой ою ей ею",
    "я": "я и е ю ей ею ёй ёю",
    "й": "й я ю ем ём е и",
    "ь": "ь я ю ем ём е и ью",
    "о": "о а у е ом",
}
_BEHIND_CONSONANT = ["", "а", "у", "е", "ом", "ем"]
_OF_A_FAMILY = ["", "а", "у", "е", "ой", "ою", "ым", "ом", "ы", "ых", "ыми"]  # Орлов, Орлова, Орловы
_FAMILY = re.compile(r".+(?:[оеё]в|[иы]н)")
# A vowel that is there in the name and in no other case: Павел, Павла; Кравец, Кравца; Заяц, Зайца.
_FLEETING = re.compile(r"(.*[^аеёиоуыэюяь])(?:[её]([лн])|([о])(к)|[её](к)|[её](ц))")
_ODD = {
    "лев": "лев льва льву львом льве",
    "любовь": "любовь любови любви любовью",
    "заяц": "заяц зайца зайцу зайцем зайце зайцы зайцев",
    "яков": "яков якова якову яковом якове",
    "пётр": "пётр петра петру петром петре",
}
# Adjectives that no surname should be mistaken for; all others in -ский are surnames first.
_PLACES = ("русск", "морск", "городск", "женск", "мужск", "детск", "сельск", "польск", "немецк")
_NAMES_LIKE_ADJECTIVES = ("евгений", "аглая", "антоний")
# Долгих and Хороших too; Генрих and Фридрих are none.
_LIKE_ADJECTIVES = re.compile(r"..+(?:ый|ой|ая|яя|[нкшчщ]ий|ых|[гжкнхчшщ]их)")
_INTRODUCED = "|".join(
    rf"(?<={words}\s)|(?<={words}:\s)"
    for words in ("зовут", "звать", "имя", r"name\sis", r"call\sme", "name", r"name['’]s")
)


def name_words(name: str) -> list[str]:
    """Each word of a name that is no particle; of a double name both."""
    words = re.findall(r"[^\W\d_]+(?:['’.][^\W\d_]+)*", name)
    return [word for word in words if (len(word) > 1 and word[0].isupper()) or len(word) > 2]


# A learner comes again with each lesson; to make a pattern takes longer than to search with it.
@lru_cache(maxsize=2048)
def name_pattern(name: str) -> re.Pattern[str]:
    """The whole name first, then each word of it, as it is and in the cases of a name."""
    words = name_words(name)
    patterns = [] if [name] == words else [either_e(name)]
    for word in words:
        patterns += _patterns(word)
    return whole_words(patterns)


@lru_cache(maxsize=2048)
def capitalised_name_pattern(name: str) -> re.Pattern[str]:
    """The same where it begins with a capital or is introduced: what was told for a name may be no name."""
    begins = rf"(?:(?=(?-i:[^\W\d_a-zа-яё]))|{_INTRODUCED})"
    return re.compile(begins + name_pattern(name).pattern, re.IGNORECASE)


@lru_cache(maxsize=2048)
def glances(name: str) -> frozenset[str]:
    """Beginnings of which a text has one at least where the pattern finds something."""
    return frozenset((name, *(_beginning([*_forms(word), *_stems(word)]) for word in name_words(name))))


def _beginning(forms: list[str]) -> str:
    """What all of them begin with."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*forms, strict=False))
    return "".join(letters[0] for letters in same)


def whole_words(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


def either_e(text: str) -> str:
    return re.sub("[её]", "[её]", re.sub("[ЕЁ]", "[ЕЁ]", re.escape(text)))


def _patterns(word: str) -> list[str]:
    forms = sorted(_forms(word), key=len, reverse=True)
    words = forms if _is_a_word(word) else [form for form in forms if _plain(form) in WORDS]
    names = [form for form in forms if form not in words]
    found = [_any_of(names)] if names else []
    if words:
        first = f"(?=(?-i:{re.escape(word[0].upper())}))"
        found += [f"{first}{_any_of(words)}", f"(?:{_INTRODUCED}){_any_of(words)}"]
    loose = [f"(?-i:{either_e(stem.capitalize())})ь?(?:{_LOOSE})?" for stem in _stems(word)]
    return found + loose


def _any_of(forms: list[str]) -> str:
    return f"(?:{'|'.join(map(either_e, forms))})"


def _plain(word: str) -> str:
    return word.casefold().replace("ё", "е")


def _is_a_word(word: str) -> bool:
    plain = _plain(word)
    if len(plain) < 3 or plain in WORDS:
        return True
    if plain in _NAMES_LIKE_ADJECTIVES or not _LIKE_ADJECTIVES.fullmatch(plain) or len(plain) < 5:
        return False
    return not re.search("[сц]к..$", plain) or plain.startswith(_PLACES)


def _forms(word: str) -> list[str]:
    """In all its cases, in small letters; a name that is not Russian has none."""
    small = word.lower()
    if not re.fullmatch("[а-яё]+", small):
        return [word]
    if odd := _ODD.get(small) or _ODD.get(small.replace("петр", "пётр")):
        return odd.split()
    last = small[-1]
    stem = small[:-1] if last in _CASES else small
    forms = {small, *(stem + end for end in _CASES.get(last, "").split())}
    if last in "бвгджзклмнпрстфхцчшщ":
        forms |= {small + end for end in _BEHIND_CONSONANT}
    if _FAMILY.fullmatch(stem):
        forms |= {stem + end for end in _OF_A_FAMILY}
    if len(small) > 4 and small[-2:] in _ADJECTIVE[:3] + ["ая", "яя"]:
        forms |= {small[:-2] + end for end in _ADJECTIVE}
    return sorted(forms | _without_fleeting(small))


def _without_fleeting(small: str) -> set[str]:
    if small.endswith("ей") and len(small) > 4:  # Соловей, Соловья
        return {f"{small[:-2]}ь{end}" for end in ("я", "ю", "ем", "ём", "е", "и")}
    found = _FLEETING.fullmatch(small)
    if found is None:
        return {f"{small[:-2]}йц{end}" for end in _BEHIND_CONSONANT[1:]} if small.endswith("ец") else set()
    end = "".join(filter(None, found.groups()[1:])).removeprefix("о")
    stems = {found[1] + end, *([f"{found[1]}ь{end}"] if end in "кц" else [])}  # Конёк, Конька
    return {stem + case for stem in stems for case in _BEHIND_CONSONANT[1:]}


def _stems(word: str) -> list[str]:
    """The stem that may have any ending, where it is long enough to be nobody else's."""
    if word.lower() in _ODD or not re.fullmatch("[А-Яа-яЁё]+", word):
        return []
    stem = word.lower().rstrip("аяйьеёиоуыюэ")
    return [stem] if len(stem) >= SHORTEST_LOOSE else []
