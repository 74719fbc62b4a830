"""The drawing of how a run went, and the same figures as a table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from personalization.admin.runs.chart import chart, slice_words
from personalization.run_report import Bucket, Timeline
from tests.builders import make_call, make_item, make_learner, make_lesson, make_run, make_superuser
from tests.personalization.test_admin_runs import url

BEGIN = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)


def line(*buckets: tuple[dict[str, int], int], step: int = 60) -> Timeline:
    return Timeline(
        step,
        [
            Bucket(BEGIN + timedelta(seconds=step * place), items, cost)
            for place, (items, cost) in enumerate(buckets)
        ],
    )


def test_bars_are_as_high_as_their_counts_and_stand_on_each_other() -> None:
    drawn = chart(line(({"failed": 1, "done": 3}, 0), ({}, 0), ({"done": 8}, 0)))
    assert drawn
    first, empty, highest = drawn.bars
    assert [(box.state, box.y, box.height) for box in first.boxes] == [
        ("done", "62.50", "37.50"),
        ("failed", "50.00", "12.50"),
    ]
    assert empty.boxes == []
    assert [(box.y, box.height) for box in highest.boxes] == [("0.00", "100.00")]
    assert (drawn.most, drawn.slices) == ("8", 3)


def test_words_stand_beside_the_drawing() -> None:
    drawn = chart(line(({"done": 1_200}, 0), ({"skipped": 1}, 0)))
    assert drawn
    assert drawn.times == ["14:05", "14:06", "14:07"]
    assert drawn.states == [("done", "done", "1,200"), ("skipped", "skipped", "1")]
    assert drawn.bars[0].words == "14:05 · done: 1,200"
    assert drawn.said == "Texts over time, from 14:05 to 14:07. done: 1,200, skipped: 1"


def test_the_cost_rises_to_the_whole() -> None:
    drawn = chart(line(({"done": 1}, 1_000_000), ({"done": 1}, 3_000_000)))
    assert drawn
    assert drawn.cost == "0,100 1,75.00 2,0.00 2,100"
    assert drawn.total_cost == "4.00 USD"


def test_what_cost_nothing_has_no_second_drawing() -> None:
    drawn = chart(line(({"done": 1}, 0)))
    assert drawn
    assert (drawn.cost, drawn.total_cost) == ("", "")


def test_the_table_leaves_out_when_nothing_happened() -> None:
    drawn = chart(line(({"done": 2}, 0), ({}, 0), ({"failed": 1}, 5)))
    assert drawn
    assert [(begins, items) for begins, items, _ in drawn.rows] == [
        ("14:05", ["2", "0"]),
        ("14:07", ["0", "1"]),
    ]


@pytest.mark.parametrize(
    ("step", "words", "first"),
    [
        (1, "1 second", "14:05:00"),
        (30, "30 seconds", "14:05:00"),
        (300, "5 minutes", "14:05"),
        (7_200, "2 hours", "11/26/2026 2:05 p.m."),
        (172_800, "2 days", "11/26/2026 2:05 p.m."),
    ],
)
def test_times_are_as_exact_as_the_slices(step: int, words: str, first: str) -> None:
    assert slice_words(step) == words
    drawn = chart(line(({"done": 1}, 0), step=step))
    assert drawn
    assert drawn.times[0] == first


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.mark.parametrize(("state", "shown"), [("open", False), ("closed", True), ("cancelled", True)])
def test_a_run_that_ended_has_it(admin: Client, state: str, shown: bool) -> None:
    run: Any = make_run(state=state)
    lesson = make_lesson()
    for seconds, ended in ((40, "done"), (20, "failed")):
        at = timezone.now() - timedelta(seconds=seconds)
        item = make_item(run, make_learner(), lesson, state=ended, finished_at=at)
        make_call(item, finished_at=at, started_at=at - timedelta(seconds=1))
    html = admin.get(url(run, "progress")).content.decode()
    assert ("<svg" in html) is shown
    assert ("run-plot-cost" in html) is shown
    assert ('<rect class="run-failed"' in html) is shown


def test_a_run_without_any_text_has_none(admin: Client) -> None:
    assert "<svg" not in admin.get(url(make_run(state="closed"), "progress")).content.decode()
