"""manage.py costs: what it prints for people and for programs, and how it ends."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from personalization.models import GenerationItem
from tests.builders import make_call, make_course, make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2025, 11, 7, 12, tzinfo=UTC)
OCTOBER = datetime(2025, 10, 7, 12, tzinfo=UTC)


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("costs", *arguments, stdout=output)
    return output.getvalue()


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture(autouse=True)
def item() -> GenerationItem:
    lesson = make_lesson(make_course("shvz", title="Массаж [шеи]"))
    item = make_item(make_run(), make_learner(course=lesson.course), lesson, state="done")
    used = {"input_tokens": 2_000, "cached_tokens": 1_000, "output_tokens": 300}
    make_call(item, actual_micro=1_500_000, finished_at=NOVEMBER, **used)
    make_call(item, actual_micro=250_001, finished_at=NOVEMBER, state="bad", model="other", **used)
    make_call(item, actual_micro=3_000_000, finished_at=OCTOBER, **used)
    make_call(None, actual_micro=1_000_000, finished_at=NOVEMBER, **used)
    return item


def test_a_month_as_tables() -> None:
    with override("ru"):  # a command speaks English
        printed = run("--month", "2025-11")
    assert lines(printed) == [
        "2025-11",
        "course cost calls unusable input tokens cached output tokens",
        "Массаж [шеи] 1.75 USD 2 1 4,000 50 % 600",
        "(deleted) 1.00 USD 1 0 2,000 50 % 300",
        "together 2.75 USD 3 1 6,000 50 % 900",
        "model cost calls unusable input tokens cached output tokens",
        "gpt-4.1-mini 2.50 USD 2 0 4,000 50 % 600",
        "other 0.25 USD 1 1 2,000 50 % 300",
        "together 2.75 USD 3 1 6,000 50 % 900",
        "month cost calls unusable input tokens cached output tokens",
        "2025-10 3.00 USD 1 0 2,000 50 % 300",
        "2025-11 2.75 USD 3 1 6,000 50 % 900",
    ]


def test_one_course() -> None:
    printed = lines(run("--month", "2025-11", "--course", "shvz"))
    assert printed[0] == "Массаж [шеи] (shvz), 2025-11"
    assert printed[-1].startswith("2025-11 1.75 USD 2")
    assert not [line for line in printed if line.startswith("course")]


def test_json_has_exact_amounts() -> None:
    report: dict[str, Any] = json.loads(run("--month", "2025-11", "--json"))
    assert (report["currency"], report["month"], report["course"]) == ("USD", "2025-11", None)
    assert report["total"] == {
        "calls": 3,
        "good_calls": 2,
        "input_tokens": 6_000,
        "cached_tokens": 3_000,
        "output_tokens": 900,
        "cost": "2.750001",
    }
    assert [row["month"] for row in report["months"]][-2:] == ["2025-10", "2025-11"]
    assert len(report["months"]) == 12
    assert [row["day"] for row in report["days"] if row["calls"]] == ["2025-11-07"]
    assert [(row["course"], row["cost"]) for row in report["courses"]] == [
        ("shvz", "1.750001"),
        (None, "1.000000"),
    ]
    assert [row["model"] for row in report["models"]] == ["gpt-4.1-mini", "other"]


def test_this_month_is_the_default() -> None:
    assert lines(run())[0] == f"{datetime.now(UTC):%Y-%m}"


def test_an_unknown_course_is_named_with_those_there_are() -> None:
    with pytest.raises(CommandError, match=r"There is no course 'neck'\. Known: shvz\.") as refused:
        run("--course", "neck")
    assert refused.value.returncode == 1


@pytest.mark.parametrize("month", ["", "november", "2025-13", "2025-1", "2025-11-01"])
def test_a_month_that_is_none_is_refused(month: str) -> None:
    with pytest.raises(CommandError, match="a month such as 2026-11 is needed"):
        run("--month", month)
