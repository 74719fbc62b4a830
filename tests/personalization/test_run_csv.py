"""All texts of a run as a file for spreadsheets."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from personalization.models import GenerationRun
from personalization.run_report import items_csv as module
from personalization.run_report.items_csv import BOM, defused, items_csv
from tests.builders import (
    make_call,
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
)
from tests.personalization.test_admin_runs import RIGHTS, url

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text.removeprefix(BOM), newline=""), delimiter=delimiter))


def read(run: GenerationRun) -> list[dict[str, str]]:
    return rows("".join(items_csv(run.pk)))


@pytest.fixture
def run(db: None) -> GenerationRun:
    return make_run(state="closed", backend="openai")


@pytest.fixture
def finished(run: GenerationRun) -> GenerationRun:
    course = make_course("neck")
    lesson, learner = make_lesson(course, 3, title="Разминание; шея"), make_learner("u-7", name="Нина")
    at = datetime(2026, 11, 26, 1, 2, 3, 999, tzinfo=UTC)
    item = make_item(run, learner, lesson, state="done", attempts=2, finished_at=at)
    for number, (cost, tokens) in enumerate([(1_500_000, 10), (250, 20)], start=1):
        make_call(
            item, actual_micro=cost, input_tokens=tokens, cached_tokens=5, output_tokens=1, call_no=number
        )
    other = make_run()
    make_call(item, run=other, actual_micro=9_999_999)
    return run


def test_a_row_says_what_became_of_a_text_and_what_it_cost(finished: GenerationRun) -> None:
    assert read(finished) == [
        {
            "Learner": "u-7",
            "Course": "neck",
            "Lesson number": "3",
            "Lesson": "Разминание; шея",
            "State": "done",
            "Error": "",
            "What happened": "",
            "Attempts": "2",
            "Calls": "2",
            "Cost": "1.500250",
            "Input tokens": "30",
            "Cached input tokens": "10",
            "Output tokens": "2",
            "Finished": "2026-11-26 01:02:03",
        }
    ]


def test_no_name_of_a_learner_is_in_it(finished: GenerationRun) -> None:
    assert "Нина" not in "".join(items_csv(finished.pk))


def test_a_text_that_failed_says_why_and_one_that_waits_has_no_time(run: GenerationRun) -> None:
    lesson = make_lesson()
    make_item(run, make_learner(), lesson, state="failed", error_code="refusal")
    make_item(run, make_learner(), lesson, state="queued")
    failed, waiting = read(run)
    assert (failed["Error"], failed["What happened"]) == ("refusal", "the model refused to answer")
    assert (waiting["State"], waiting["Finished"], waiting["Cost"]) == ("queued", "", "0.000000")


def test_a_call_under_way_counts_as_what_is_reserved_for_it(run: GenerationRun) -> None:
    item = make_item(run, make_learner(), make_lesson(), state="running")
    make_call(item, state="reserved", reserved_micro=2_000, actual_micro=None, finished_at=None)
    assert read(run)[0]["Cost"] == "0.002000"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(run: GenerationRun, text: str) -> None:
    make_item(run, make_learner(text), make_lesson(title=text), state="failed", error_code=text)
    (row,) = read(run)
    assert [row[name] for name in ("Learner", "Lesson", "Error")] == [f"'{text}"] * 3


@pytest.mark.parametrize("text", ["u-1", "Урок = 1", "", "1. Шея"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert defused(text) == text


def test_in_russian_it_is_what_a_russian_spreadsheet_opens(finished: GenerationRun) -> None:
    with translation.override("ru"):
        text = "".join(items_csv(finished.pk))
    (row,) = rows(text, ";")
    assert "1,500250" in row.values()
    assert "Разминание; шея" in row.values()


def test_the_language_is_that_of_who_asked_not_of_who_comes_next(run: GenerationRun) -> None:
    make_item(run, make_learner(), make_lesson(), state="failed", error_code="refusal")
    with translation.override("ru"):
        pieces = items_csv(run.pk)
    assert "the model refused" not in "".join(pieces)


def test_it_comes_in_pieces(run: GenerationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)
    lesson = make_lesson()
    for _ in range(5):
        make_item(run, make_learner(), lesson, state="done")
    pieces = items_csv(run.pk)
    assert isinstance(pieces, Iterator)
    assert [piece.count("\r\n") for piece in pieces] == [1, 2, 2, 1]


def test_the_file_of_the_admin(client: Client, finished: GenerationRun) -> None:
    client.force_login(make_superuser())
    answer: Any = client.get(url(finished, "items"))
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="run-20')
    content = answer.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    assert len(rows(content.decode())) == 1


def test_the_file_is_for_those_who_may_see_runs(client: Client, finished: GenerationRun) -> None:
    client.force_login(make_staff(permissions=["courses.view_course"]))
    assert client.get(url(finished, "items")).status_code == 403
    client.force_login(make_staff("looks", permissions=RIGHTS))
    assert client.get(url(finished, "items")).status_code == 200
