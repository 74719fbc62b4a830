import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from courses.models import Lesson
from personalization.models import ConfigEntry, GenerationItem, GenerationRun, Profile
from personalization.services import queue
from personalization.services.attempts import Outcome
from personalization.services.sweep import sweep
from personalization.shipped_config import PERSONALIZATION
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run, make_text


@pytest.fixture(autouse=True)
def learners(db: None) -> None:
    course = make_course("shvz")
    for number in (1, 2, 3):
        make_lesson(course, number)
    make_learner("u-1", course=course)
    make_learner("u-2", course=course)


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("personalize", *arguments)
    assert not GenerationRun.objects.exists()
    return str(refused.value)


def test_it_plans_a_run_for_all_learners(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("personalize")
    assert GenerationItem.objects.count() == 6
    out = capsys.readouterr().out
    assert "2 learners" in out
    assert "6  to write" in out
    assert "template sentences" in out


def test_it_plans_for_those_named() -> None:
    call_command("personalize", "u-2", "--lessons", "1, 3-5")
    learners = GenerationItem.objects.values_list("profile__user_identifier", "lesson__lesson_number")
    assert sorted(learners) == [("u-2", 1), ("u-2", 3)]


def test_a_dry_run_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("personalize", "--dry-run")
    assert "6  to write" in capsys.readouterr().out
    assert not GenerationRun.objects.exists()


def test_it_plans_a_pilot() -> None:
    call_command("personalize", "--pilot", "2")
    assert GenerationRun.objects.get().pilot == "writing"
    assert GenerationItem.objects.filter(priority=1).count() == 2


def test_what_another_run_is_writing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    learner = Profile.objects.get(user_identifier="u-1")
    make_item(make_run(), learner, Lesson.objects.get(lesson_number=1), state="running")
    call_command("personalize")
    assert "1 are being written for another run" in " ".join(capsys.readouterr().out.split())
    assert GenerationItem.objects.count() == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["u-1", "no\nbody", "none"], "'no\\nbody' or 'none'"),
        (["--course", "shvs"], "Known: shvz"),
        (["--lessons", "0"], "begin at 1"),
        (["--lessons", "1,x"], "Found: 'x'"),
        (["--limit", "-1"], "above 0"),
        (["--pilot", "0"], "above 0"),
        (["--backend", "parrot"], "parrot"),
        (["--budget", "0"], "above 0 in USD"),
        (["--budget", "ten"], "Found: 'ten'"),
        (["--backend", "openai"], "OPENAI_API_KEY"),
        (["--lessons", "77"], "Nothing to write"),
        (
            ["--lessons", "77-99", "--course", "shvz"],
            "no lesson of the course 'shvz' has the number 77 or 78",
        ),
        (["--lessons", "77", "--only-stale"], "no lesson has the number 77"),
        (["u-lost"], "Nothing to write"),
        (["--pilot", "51"], "50 at most"),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_wrong_argument_is_named_and_nothing_is_started(
    arguments: list[str], said: str, dry: list[str]
) -> None:
    make_learner("u-lost", course=None)
    assert said in refusal(*arguments, *dry)


def test_waiting_for_what_another_run_writes_waits_for_its_own_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    make_item(
        make_run(),
        Profile.objects.get(user_identifier="u-1"),
        Lesson.objects.get(lesson_number=1),
        state="running",
        lease_until=timezone.now() - timedelta(hours=1),
    )
    swept: list[int] = []

    def work(*_: object) -> None:
        """The other run's worker is dead; ours is quick."""
        swept.append(sweep().closed)
        queue.settle([Outcome(claim, "unchanged") for claim in queue.claim(1, worker="w", lease=30)])

    monkeypatch.setattr(time, "sleep", work)
    call_command("personalize", "u-1", "--lessons", "1", "--wait")
    assert swept == [1, 1]


def test_a_quiet_night_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    learner, lesson = Profile.objects.get(user_identifier="u-1"), Lesson.objects.get(lesson_number=1)
    make_text(learner, lesson, origin="import")
    call_command("personalize", "u-1", "--lessons", "1", "--only-stale", "--wait")
    assert "nothing to do" in capsys.readouterr().out
    assert not GenerationRun.objects.exists()


# --- cost and budget ---


def test_a_dry_run_says_what_it_would_cost(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    settings.OPENAI_API_KEY = "key"
    with override("ru"):  # a command speaks English
        call_command("personalize", "--dry-run", "--budget", "0.0001")
    out = capsys.readouterr().out
    assert "Estimated cost:" in out
    assert "No earlier call of" in out
    assert "is below the estimate" in out
    assert not GenerationRun.objects.exists()


def test_the_simple_writer_has_no_cost_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("personalize", "--dry-run", "--budget", "1")
    assert "cost" not in capsys.readouterr().out


def test_budget_and_estimate_are_the_runs(settings: Settings) -> None:
    settings.OPENAI_API_KEY = "key"
    call_command("personalize", "--budget", "2.5")
    run = GenerationRun.objects.get()
    assert run.budget_micro == 2_500_000
    assert (run.estimate_micro or 0) > 0


def test_a_budget_needs_a_price(settings: Settings) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_MODEL = "key", "mystery"
    for dry in ([], ["--dry-run"]):
        assert "has no price, so that a budget could not be kept" in refusal("--budget", "5", *dry)


def test_a_prompt_that_cannot_be_used_is_told_before_a_dry_run_too(settings: Settings) -> None:
    settings.OPENAI_API_KEY = "key"
    ConfigEntry.objects.filter(pk=PERSONALIZATION).update(value=5)
    assert refusal("--dry-run") == refusal()
