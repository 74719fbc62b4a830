"""A store as large as one ever gets: the same for the same scale, all of it invented."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

COURSES = 20
TRANSCRIPT = 20_000  # characters
TEXT = 2_000  # bytes of JSON
_WORDS = """
    ладони плечи шея спокойно дыхание урок сегодня рука мягкий нажим муж дома вечер стул спина пауза тёплый
    медленно круговой движение точка затылок лопатка напряжение тетрадь запишите спросите почувствовал минута
    шкала граница воротник сила палец опора привычка отдых повторите если больно остановитесь чашка чай первый
    второй третий близкий человек просто посмотрите уберите согрейте
"""
_PROSE = {
    "summary_short": 0.2,
    "why_watch": 0.2,
    "quick_action": 0.08,
    "social_share": 0.06,
}  # shares of a text


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it: of everything, and of each course."""

    courses: int
    lessons: int  # in a course
    learners: int  # in a course
    texts: int = 10  # of a learner

    @classmethod
    def of(cls, scale: float, courses: int = COURSES) -> "Size":
        """Scale 1: 10,000 lessons, 50,000 learners, 500,000 texts."""
        return cls(courses, max(10, int(10_000 * scale / courses)), max(1, int(50_000 * scale / courses)))

    @property
    def all_texts(self) -> int:
        return self.courses * self.learners * self.texts

    def __str__(self) -> str:
        return (
            f"{self.courses} courses, {self.courses * self.lessons:,} lessons with transcripts of "
            f"{TRANSCRIPT:,} characters, {self.courses * self.learners:,} learners, {self.all_texts:,} texts"
        )


class BigStore:
    def __init__(self, path: Path, size: Size) -> None:
        self._path = path
        self._size = size
        self._random = Random(7)
        words = _WORDS.split()
        sentences = (self._random.choices(words, k=self._random.randint(6, 12)) for _ in range(4_000))
        self._sentences = [f"{' '.join(line).capitalize()}." for line in sentences]
        self._pieces = [json.dumps(sentence, ensure_ascii=False).encode() for sentence in self._sentences]

    def make(self) -> None:
        """Writes the whole store; about a minute at scale 1."""
        _write(self._path / "user_profiles.json", dict(self._learners()))
        for course in range(self._size.courses):
            folder = self._path / slug(course)
            numbers = list(range(1, self._size.lessons + 1))
            _write(folder / "course.json", {"name": f"Курс {course + 1}", "lessons": numbers})
            for number in numbers:
                self._lesson(folder, course, number)
            for learner in range(self._size.learners):
                self._texts(folder / "personalize" / identifier(course, learner), course, learner)

    def _lesson(self, folder: Path, course: int, number: int) -> None:
        lesson = lesson_id(course, number)
        description = {
            "introduction": self._prose(300),
            "key_points": [self._sentence() for _ in range(5)],
            "practical_tips": [self._sentence() for _ in range(4)],
            "homework": self._prose(120),
            "motivational_line": self._sentence(),
        }
        name = f"{number}-{lesson}.txt"
        data = {
            "number": number,
            "title": self._sentence()[:60],
            "id": str(lesson),
            "summary": self._prose(150),
            "duration": "12:35",
            "files": [{"type": "transcript", "filename": name, "path": name}],
        }
        templated = number % 2 == 0
        _write(
            folder / "lessons" / f"{number:04}" / "lesson.json",
            data | ({} if templated else {"description": description}),
        )
        if templated:
            _write(folder / f"{number}-{lesson}-final.json", description)
        (folder / name).write_text(self._prose(TRANSCRIPT), "utf-8")

    def _texts(self, folder: Path, course: int, learner: int) -> None:
        folder.mkdir(parents=True)
        for place in range(self._size.texts):
            number = (learner + place) % self._size.lessons + 1
            descriptor = os.open(
                folder / f"{number}-{lesson_id(course, number)}.json", os.O_WRONLY | os.O_CREAT, 0o644
            )
            os.write(descriptor, self._text())
            os.close(descriptor)

    def _text(self) -> bytes:
        pieces = self._random.sample(self._pieces, 40)
        parts = [
            b'  "%s": "%s"' % (key.encode(), b" ".join(piece[1:-1] for piece in _taken(pieces, share)))
            for key, share in _PROSE.items()
        ]
        parts.append(b'  "homework_20m": [\n    %s\n  ]' % b",\n    ".join(_taken(pieces, 0.4)))
        return b"{\n%s\n}\n" % b",\n".join(parts)

    def _learners(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for course in range(self._size.courses):
            for learner in range(self._size.learners):
                survey = {
                    "name": "Нина",
                    "course": slug(course),
                    "motivation": [self._sentence(), self._sentence()],
                    "target_clients": self._sentence(),
                    "skills_wanted": self._prose(100),
                    "fears": [self._sentence(), self._sentence()],
                    "wow_result": self._prose(100),
                    "practice_model": self._sentence(),
                    "experience": self._sentence(),
                }
                yield identifier(course, learner), survey

    def _sentence(self) -> str:
        return self._random.choice(self._sentences)

    def _prose(self, characters: int) -> str:
        sentences = self._random.choices(self._sentences, k=characters // 30 + 1)
        return " ".join(sentences)[:characters].strip()


def _taken(pieces: list[bytes], share: float) -> list[bytes]:
    """Pieces off the list, for a part of a text."""
    taken: list[bytes] = []
    while sum(map(len, taken)) < TEXT * share:
        taken.append(pieces.pop())
    return taken


def slug(course: int) -> str:
    return f"course-{course + 1:02}"


def identifier(course: int, learner: int) -> str:
    return f"u-{course + 1:02}-{learner + 1:05}"


def lesson_id(course: int, number: int) -> UUID:
    return UUID(f"{course + 1:08x}-0000-4000-8000-{number:012x}")


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2), "utf-8")
