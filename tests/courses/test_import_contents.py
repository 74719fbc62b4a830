"""Transcripts and templates: what is read of them, and what is refused."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from courses.course_folder.contents import LONGEST_TRANSCRIPT
from tests.builders import DESCRIPTION, TRANSCRIPT
from tests.store_builder import CourseBuilder, StoreBuilder, lesson_id, read, write

EMOJI = {
    "👋 Введение": "Привет",
    "🔑 Ключевые моменты": ["а", "б"],
    "⚠️ Важно": ["осторожно"],
    "_мотивационная строка_": "*вперёд*",
    "цитата": "…",
}


@pytest.fixture
def course(tmp_path: Path) -> CourseBuilder:
    course = StoreBuilder(tmp_path / "store").course()
    course.lesson(1)
    return course


@pytest.mark.parametrize(
    "data",
    [
        TRANSCRIPT.encode(),
        b"\xef\xbb\xbf" + TRANSCRIPT.encode(),
    ],
)
def test_utf_8_with_or_without_a_mark(course: CourseBuilder, data: bytes) -> None:
    course.transcript(1, data)
    assert read(course.path.parent).transcripts == {1: TRANSCRIPT}


def test_line_ends_become_one_kind_and_nothing_else_changes(course: CourseBuilder) -> None:
    course.transcript(1, f"й и\u0306 \r\n\tдва\rтри\n\n{TRANSCRIPT} ".encode())
    assert read(course.path.parent).transcripts == {1: f"й и\u0306 \n\tдва\nтри\n\n{TRANSCRIPT} "}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            "один\nдва, это плохо".encode("cp1251"),
            "line 1: is not UTF-8 (byte 0xee, it looks like Windows-1251)",
        ),
        (TRANSCRIPT.encode("utf-16"), "line 1: is not UTF-8 (byte 0xff, it looks like UTF-16)"),
        (TRANSCRIPT.encode() + b"\n\xff", "line 2: is not UTF-8 (byte 0xff): save the file as UTF-8"),
        (b"a\n\nb\x00c", "line 3: holds U+0000, which cannot be stored: remove it"),
        (b"", "is empty: fill it, or remove the file"),
        (b"\xef\xbb\xbf\r\n ", "is empty: fill it, or remove the file"),
        (b"x" * (LONGEST_TRANSCRIPT + 1), "has 500,001 characters, at most 500,000 are read"),
        (b"x" * 50_000_000, "has 50,000,000 bytes, at most 2,000,003 are read"),
    ],
)
def test_transcripts_that_are_refused(course: CourseBuilder, data: bytes, line: str) -> None:
    path = course.transcript(1, data)
    (problem,) = read(course.path.parent).problems
    assert problem.startswith(f"massage/{path.name}: {line}")


def test_the_longest_transcript_is_read_whole(course: CourseBuilder) -> None:
    course.transcript(1, "😀" * LONGEST_TRANSCRIPT)
    assert read(course.path.parent).transcripts == {1: "😀" * LONGEST_TRANSCRIPT}


def test_a_short_transcript_is_kept_with_a_warning(course: CourseBuilder) -> None:
    path = course.transcript(1, "Коротко.")
    reading = read(course.path.parent)
    assert reading.transcripts == {1: "Коротко."}
    assert reading.warnings == [f"massage/{path.name}: has 8 characters: personal texts need 200"]


def test_two_transcripts_of_one_lesson_are_refused_with_both_names(course: CourseBuilder) -> None:
    course.transcript(1)
    course.transcript(1, label=4)
    assert read(course.path.parent).problems == [
        f"massage/4-{lesson_id(1)}.txt: is for lesson 1, as is 1-{lesson_id(1)}.txt: keep one of the two"
    ]


def test_a_transcript_of_nobody_is_left_with_a_warning(course: CourseBuilder) -> None:
    course.transcript(1)
    course.transcript(77)
    reading = read(course.path.parent)
    assert reading.problems == []
    assert reading.warnings == [
        f"massage/77-{lesson_id(77)}.txt: is not used: no lesson of the course has its UUID or its number"
    ]


@pytest.mark.parametrize(
    "content", [DESCRIPTION, {"template": DESCRIPTION}, dict(reversed(DESCRIPTION.items()))]
)
def test_a_template_in_any_shape(course: CourseBuilder, content: Any) -> None:
    course.template(1, content)
    assert read(course.path.parent).descriptions == {lesson_id(1): DESCRIPTION}


def test_emoji_keys_become_canonical_and_unknown_ones_stay_in_their_place(course: CourseBuilder) -> None:
    course.template(1, EMOJI)
    assert read(course.path.parent).descriptions[lesson_id(1)] == {
        "introduction": "Привет",
        "key_points": ["а", "б"],
        "important_notes": ["осторожно"],
        "motivational_line": "вперёд",
        "цитата": "…",
        "_order": ["introduction", "key_points", "important_notes", "motivational_line", "цитата"],
    }


def test_a_template_wins_over_lesson_json_and_the_difference_is_told(course: CourseBuilder) -> None:
    course.transcript(1)
    course.lesson(1, description="Просто текст")
    assert read(course.path.parent).descriptions == {lesson_id(1): {"introduction": "Просто текст"}}
    template = course.template(1)
    reading = read(course.path.parent)
    assert reading.descriptions == {lesson_id(1): DESCRIPTION}
    place = "massage/lessons/01/lesson.json: /description"
    assert reading.warnings == [f"{place}: differs from massage/{template.name}: the template is taken"]
    course.lesson(1, description=DESCRIPTION)
    assert not read(course.path.parent).warnings


def test_an_empty_template_leaves_the_description(course: CourseBuilder) -> None:
    course.lesson(1, description="Просто текст")
    course.template(1, {})
    assert read(course.path.parent).descriptions == {lesson_id(1): {"introduction": "Просто текст"}}


@pytest.mark.parametrize("description", [None, "", {}, {"template": None}])
def test_no_description_is_none(course: CourseBuilder, description: Any) -> None:
    write(course.path / "lessons/01/lesson.json", {"number": 1, "title": "x", "description": description})
    reading = read(course.path.parent)
    assert reading.descriptions == {}
    assert not reading.problems


def test_a_broken_template_is_refused_and_its_backup_never_read(course: CourseBuilder) -> None:
    path = course.template(1, b"{")
    course.file(f"1-{lesson_id(1)}-final-backup.json", b"{")
    (problem,) = read(course.path.parent).problems
    assert problem.startswith(f"massage/{path.name}: line 1, column 2: is not JSON: ")


def test_titles_are_composed_and_trimmed_while_the_content_stays_as_it_is(course: CourseBuilder) -> None:
    title = unicodedata.normalize("NFD", " Лёгкий массаж ")
    course.lesson(1, title=title, summary=title)
    (lesson,) = read(course.path.parent).plans[0].lessons
    assert lesson.source.title == "Лёгкий массаж"
    assert lesson.source.summary == title
    assert lesson.source.content["title"] == title
