"""Lesson numbers as people write them, in the admin and on the command line: "1, 3-5"."""

import re
from functools import lru_cache

from django.utils.translation import gettext as _

LONGEST_RANGE = 10_000  # a slip of the finger must not become a million numbers
PART = re.compile(r"(\d{1,9})(?:[-–](\d{1,9}))?", re.ASCII)  # nine digits fit the database's integer

_LESSON = "урок|занятие|лекция|lesson|lecture|class"
_UNIT = f"{_LESSON}|модуль|раздел|блок|глава|часть|тема|unit|module|section|chapter|part|topic"
_ORDINALS = (
    "(?:перв|втор|трет|четв[её]рт|пят|шест|седьм|восьм|девят|десят|(?:один|две|три|четыр|пят|шест|сем|восем"
    "|девят)надцат|двадцат)(?:ый|ой|ий|ая|ое|ья|ье)"
    "|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?-i:[IVXL]{1,6})"
)
_NUMBER = (
    r"(?:№|#|no\.?)?\s{0,9}\d{1,6}(?:\.\d+)*"
    r"(?:\s{0,9}[-–—]\s{0,9}\d{1,6}|-?(?:й|я|е|ый|ий|ая|ое|th|st|nd|rd)\b)?"
)
_NUMBERED = re.compile(
    rf"\s*(?:(?:{_UNIT})\s*(?:{_NUMBER}|(?:{_ORDINALS})\b)"
    r"(?:\s*[.:,)|/–—-]+\s*|\s+(?=(?-i:[A-ZА-ЯЁ«“\"]))|\s*$)|(?:№\s*)?\d{1,3}\s*[.)]\s+(?=\S))",
    re.IGNORECASE,
)
# What stands between is taken whole: three ways to divide a row of dots would be tried one after another.
_NOTHING_ELSE = re.compile(rf"\W*+(?:(?:{_UNIT})\b\W*+)?(?:{_NUMBER}\W*+)?", re.IGNORECASE)
# Шея и плечи (урок 3); Повторение урока 3: what follows in small letters would be what is counted.
_MENTIONED = re.compile(
    rf"\s{{0,9}}(?:[(\[]\s{{0,9}}(?:{_LESSON})\s{{0,9}}{_NUMBER}\s{{0,9}}[)\]]|[,.:;–—-]\s{{0,9}}(?:{_LESSON})\s{{0,9}}{_NUMBER}\s{{0,9}}$)"
    rf"|(?P<word>(?<!\w)(?:урок|заняти|лекци)\w{{0,3}}|(?<!\w)(?:lessons?|lectures?))"
    rf"\s{{0,9}}{_NUMBER}(?=\s{{0,9}}[^\w\s]|\s{{0,9}}$)",
    re.IGNORECASE,
)
_NEUTRAL = {"ru": "Урок", "en": "Lesson"}


@lru_cache(maxsize=4096)
def bare_title(title: str, language: str = "ru") -> str:
    """The title without the lesson's number: "Урок 3. Дыхание" becomes "Дыхание", "Урок 3" becomes "Урок".

    A text must not say the number, which the next renumbering makes wrong; and a model says what it reads.
    """
    bare = without_number(title)
    return _NEUTRAL.get(language, _NEUTRAL["en"]) if _NOTHING_ELSE.fullmatch(bare) and title else bare


def without_number(text: str) -> str:
    """The title or summary without the lesson's number; "" where it has nothing else."""
    while found := _NUMBERED.match(text):
        text = text[found.end() :]
    return _MENTIONED.sub(lambda found: found["word"] or "", text)


def lesson_numbers(text: str) -> tuple[int, ...]:
    """The numbers in order, each once. Raises ValueError that names every part that is none."""
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    ranges = [_range(part) for part in parts]
    wrong = [part for part, numbers in zip(parts, ranges, strict=True) if not numbers]
    if wrong or not parts:
        raise ValueError(
            _(
                "Write numbers like: 1, 3-5. They begin at 1; a range holds at most {most}. Found: {found}"
            ).format(most=LONGEST_RANGE, found=", ".join(map(repr, wrong or [text])))
        )
    return tuple(sorted({number for numbers in ranges for number in numbers}))


def _range(part: str) -> range:
    """Empty where the part is no number or range."""
    match = PART.fullmatch(part)
    if match is None:
        return range(0)
    numbers = range(int(match[1]), int(match[2] or match[1]) + 1)
    return numbers if numbers and numbers[0] > 0 and len(numbers) <= LONGEST_RANGE else range(0)
