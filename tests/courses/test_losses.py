"""The loss report: what a conversion lost or doubled is told by its place, what it may do is not."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from courses.course_folder.fields import Fields
from courses.course_folder.findings import DOUBLED, LOST, Converted, Findings
from courses.course_folder.report import ImportReport
from courses.errors import Problem
from courses.formats.losses import Comparison, compared
from courses.formats.shapes import lesson_document
from personalization.learner_files.privacy import shown_places
from tests.builders import DESCRIPTION
from tests.store_builder import StoreBuilder
from tests.store_builder import read as reading


@pytest.mark.parametrize(
    ("source", "strings"),
    [
        (DESCRIPTION, 12),
        ({"template": DESCRIPTION}, 12),
        ("Начнём.", 1),
        ({"introduction": " \n\u00a0", "homework": "", "key_points": ["", [], {}, None, 0, True]}, 0),
        ({"⚠️ Важно": ["раз"], "⚠️ Важные замечания": "два"}, 2),
        ({"homework": "раз\n", "📚 Homework": "\nдва\n\nтри"}, 2),
        ({"_мотивационная строка_": "*раз*", "motivational_note": " **два** "}, 2),
        ({"homework": "*раз*", "📚 Homework": "***"}, 2),
        ({"note": {"z": "раз", "a": ["два", {"b": "три"}]}, "homework": "раз"}, 4),
        ({"z": "раз", "a": "раз", "_order": ["z", "a"]}, 2),
        ({"key_points": "раз", "🔑 Key Points": ["два"]}, 2),
    ],
)
def test_what_a_conversion_does_is_no_loss(source: Any, strings: int) -> None:
    comparison = compared(source, lesson_document(source))
    assert comparison == Comparison(strings)
    assert comparison.strings_out == strings


@pytest.mark.parametrize(
    ("document", "lost", "doubled"),
    [
        ({}, ["/homework", "/🔑 Key Points/0", "/🔑 Key Points/1", "/a~1b/c"], []),
        ({"homework": "раз", "key_points": ["два", "три"]}, ["/a~1b/c"], []),
        ({"homework": "раз", "key_points": ["три"], "a/b": {"c": "раз\nдва"}}, ["/🔑 Key Points/0"], []),
        ({"homework": "ра", "key_points": ["два", "три"], "a/b": "раз\nдва"}, ["/homework"], ["/homework"]),
        (
            {"homework": "раз", "key_points": ["два", "три", "три"], "a/b": "раз\nдва"},
            [],
            ["/key_points/2"],
        ),
        ({"homework": "раз", "key_points": ["два"], "a/b": "раз\nдва\nдва"}, ["/🔑 Key Points/1"], ["/a~1b"]),
    ],
)
def test_what_is_lost_or_doubled_is_told_by_its_place(
    document: dict[str, Any], lost: list[str], doubled: list[str]
) -> None:
    source = {"homework": "раз", "🔑 Key Points": ["два", "три"], "a/b": {"c": "раз\nдва"}}
    comparison = compared(source, document)
    assert ([*comparison.lost], [*comparison.doubled]) == (lost, doubled)
    assert comparison.strings_out == 4 - len(lost) + len(doubled)


def test_counts_and_problems_come_over_from_another_process() -> None:
    findings, other = Findings(), Findings()
    findings.count(Comparison(5), "a.json")
    other.count(Comparison(4, lost=("/x", "/y"), doubled=("/z",)), "b.json", "/description")
    findings.include(pickle.loads(pickle.dumps(other)))
    assert findings.converted == Converted(documents=2, strings_in=9, strings_out=8)
    assert findings.problems == [
        Problem("b.json", "/description/x", LOST),
        Problem("b.json", "/description/y", LOST),
        Problem("b.json", "/description/z", DOUBLED),
    ]


def test_the_report_says_what_came_through() -> None:
    report = ImportReport("store", dry_run=False, converted=Converted(130, 1204, 1204))
    line = "Descriptions and texts that were read: 130 documents, 1,204 strings in, 1,204 out."
    assert line in report.as_text().splitlines()
    assert report.as_json()["converted"] == {"documents": 130, "strings_in": 1204, "strings_out": 1204}
    assert "Descriptions" not in ImportReport("store", dry_run=False).as_text()


def test_a_loss_is_told_with_the_pointer_of_the_whole_file() -> None:
    findings = Findings()
    Fields({}, "lesson.json", findings, "/lessons/0").count(Comparison(1, lost=("/a",)), "description")
    Fields({}, "1-final.json", findings).count(Comparison(1, lost=("/a",)), "")
    assert [(problem.file, problem.place) for problem in findings.problems] == [
        ("lesson.json", "/lessons/0/description/a"),
        ("1-final.json", "/a"),
    ]


def test_a_place_in_a_learners_text_shows_no_contact() -> None:
    shown = shown_places(Comparison(2, lost=("/nina@example.org/0",), doubled=("/+7 916 123-45-67",)))
    assert shown == Comparison(2, ("/(hidden)/0",), ("/(hidden)",))


def test_every_description_and_text_of_a_store_is_counted(tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path)
    course = store.course()
    course.lesson(1, description={"👋 Введение": "раз", "_мотивационная строка_": "*два*"})
    course.lesson(2, description="три")
    course.template(2, {"template": {"🔑 Key Points": ["раз", "два"], "quiz": ""}})
    course.lesson(3, description={})
    assert reading(store.path).converted == Converted(documents=3, strings_in=5, strings_out=5)
