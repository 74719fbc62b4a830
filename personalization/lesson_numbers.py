"""Lesson numbers as people write them, in the admin and on the command line: "1, 3-5"."""

import re

from django.utils.translation import gettext as _

LONGEST_RANGE = 10_000  # a slip of the finger must not become a million numbers
PART = re.compile(r"(\d{1,9})(?:[-–](\d{1,9}))?", re.ASCII)  # nine digits fit the database's integer

_NUMBERED = re.compile(
    r"\s*(?:(?:урок|занятие|лекция|lesson|lecture|class)\s*(?:№|#|no\.?)?\s*\d{1,6}(?:\.\d+)*"
    r"(?:\s*[-–—]\s*\d{1,6}|-?(?:й|я|е|ый|ий|ая|ое|th|st|nd|rd)\b)?"
    r"(?:\s*[.:)–—-]+\s*|\s+(?=(?-i:[A-ZА-ЯЁ«“\"])))|(?:№\s*)?\d{1,3}\s*[.)]\s+)(?=\S)",
    re.IGNORECASE,
)


def bare_title(title: str) -> str:
    """The title without the lesson's number in front: "Урок 3. Дыхание" becomes "Дыхание".

    A text must not say the number, which the next renumbering makes wrong; and a model says what it reads.
    """
    return _NUMBERED.sub("", title, count=1) if _NUMBERED.match(title) else title


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
