"""What a worker's log says of runs and items: their ids as fields of their own, and nothing of a learner."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.services.attempts import Claim
from personalization.services.drain import drain
from personalization.services.leases import Leases
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.log_lines import KeptLines, kept_lines


@pytest.fixture
def kept() -> Iterator[KeptLines]:
    with kept_lines("personalization") as lines:
        yield lines


@pytest.fixture
def run(transactional_db: None, fake_model: RunningFakeModel, settings: Settings) -> GenerationRun:
    """A text to write."""
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    course = make_course()
    make_lesson(course)
    make_learner("u-secret", course=course)
    return start_run(selection=Selection(), backend="openai").run


def worked(kept: KeptLines, *names: str) -> list[Any]:
    """What a drain has said, these fields of each line."""
    drain()
    assert "u-secret" not in str(kept.lines)
    assert "Нина" not in str(kept.lines)
    return [[line.get(name) for name in names] for line in kept.lines]


def test_an_item_that_has_failed(run: GenerationRun, kept: KeptLines, fake_model: RunningFakeModel) -> None:
    fake_model.set(mode="refusal")
    item = GenerationItem.objects.get().pk
    assert worked(kept, "run", "item", "event") == [[str(run.pk), item, f"item {item} has failed: refusal"]]


def test_a_run_that_cannot_go_on(run: GenerationRun, kept: KeptLines, fake_model: RunningFakeModel) -> None:
    fake_model.set(mode="unauthorized")
    said = f"run {run.pk} is paused: the endpoint refused the key: check OPENAI_API_KEY"
    assert worked(kept, "run", "event") == [[str(run.pk), said]]


def test_while_all_is_well_there_is_nothing_to_say(run: GenerationRun, kept: KeptLines) -> None:
    assert worked(kept) == []


def test_an_item_that_somebody_else_has_by_now(kept: KeptLines) -> None:
    old = Claim(7, uuid4(), uuid4(), uuid4(), uuid4(), 1, 1)
    leases = Leases(30, lambda claim: None)
    leases.hold([old])
    leases.hold([replace(old, token=uuid4())])
    assert [(line["run"], line["item"]) for line in kept.lines] == [(str(old.run_id), 7)]
