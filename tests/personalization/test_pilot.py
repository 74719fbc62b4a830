"""A pilot: a few texts first, seen by a person, and published only then."""

from typing import Any

import pytest
from pytest_django import Settings

from courses.models import Course
from personalization.errors import Permanent, PlanRefused
from personalization.models import GenerationItem, GenerationRun, ModelCall, Profile
from personalization.models import PersonalizedLessonDescription as Text
from personalization.pairs import Selection
from personalization.services.ledger import reserve
from personalization.services.pilot import Accepted, PilotItem, accept_pilot, pilot_items
from personalization.services.runs import cancel_run, retry_failed, start_run
from personalization.services.sweep import sweep
from personalization.services.work import failed, prepare
from personalization.writers.registry import current_recipe
from tests.builders import DESCRIPTION, make_course, make_description, make_learner, make_lesson, make_text
from tests.personalization.paid_work import NEW, PRICES, calls, claim, good, jobs, money, reserved, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.MODEL_PRICES = PRICES
    settings.OPENAI_API_KEY = "test"


@pytest.fixture
def course() -> Course:
    course = make_course()
    for number in (1, 2, 3):
        make_lesson(course, number)
    for _ in range(4):
        make_learner(course=course)
    return course


def start(pilot: int | None = 3, **choices: Any) -> GenerationRun:
    return start_run(selection=Selection(), backend="openai", pilot=pilot, **choices).run


def pilot_of(run: GenerationRun) -> str:
    run.refresh_from_db()
    return run.pilot


def write_pilot(pilot: int = 3) -> GenerationRun:
    run = start(pilot)
    settle(good(job) for job in reserved())
    sweep()
    return run


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in GenerationItem.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


# --- which texts ---


def chosen(run: GenerationRun) -> list[tuple[Any, Any]]:
    return list(GenerationItem.objects.filter(run=run, priority=1).values_list("profile", "lesson"))


def test_a_pilot_is_spread_over_learners_and_lessons(course: Course) -> None:
    found = chosen(start(4))
    assert len({profile for profile, _ in found}) == 4, "each learner once"
    assert len({lesson for _, lesson in found}) == 3, "each lesson before one comes a second time"


def test_a_pilot_of_one_learner_is_spread_over_lessons(course: Course) -> None:
    learner = Profile.objects.all()[0]
    run = start_run(selection=Selection(profiles=(learner.pk,)), backend="openai", pilot=2).run
    assert len({lesson for _, lesson in chosen(run)}) == 2


def test_a_pilot_takes_only_texts_that_will_be_written(course: Course) -> None:
    Profile.objects.filter(pk__in=[p.pk for p in Profile.objects.all()[:3]]).update(survey={})
    [writable] = Profile.objects.exclude(survey={})
    assert {profile for profile, _ in chosen(start(3))} == {writable.pk}


def test_a_pilot_may_be_larger_than_the_run(course: Course) -> None:
    started = start_run(selection=Selection(lessons=(1,)), backend="openai", pilot=50)
    assert (started.asked, started.pilot) == (4, 4)


def test_with_nothing_to_write_there_is_nothing_to_look_at(course: Course) -> None:
    Profile.objects.update(survey={})
    run = start(2)
    assert pilot_of(run) == ""
    assert len(claim()) == 12


def test_a_pilot_leaves_out_what_another_run_is_writing(course: Course) -> None:
    start(None)
    running = {(c.profile_id, c.lesson_id) for c in claim(9)}
    run = start(3)
    assert len(chosen(run)) == 3
    assert not running & set(chosen(run))


@pytest.mark.parametrize("limits", [{"pilot": 0}, {"pilot": -1}, {"budget_micro": 0}, {"budget_micro": -5}])
def test_a_limit_of_nothing_is_refused(course: Course, limits: dict[str, Any]) -> None:
    with pytest.raises(PlanRefused):
        start_run(selection=Selection(), backend="openai", **limits)
    assert not GenerationRun.objects.exists()


# --- writing it ---


def test_only_the_pilot_is_claimed_and_nothing_of_it_is_published(course: Course) -> None:
    run = start(3)
    ready = reserved()
    assert len(ready) == 3
    assert claim() == []
    settle(good(job) for job in ready)
    assert states() == {"held": 3, "queued": 9}
    assert set(GenerationItem.objects.filter(state="held").values_list("error_code", flat=True)) == {"pilot"}
    assert not Text.objects.exists()
    assert money(run) == (0, 240)
    assert calls("state", "answer") == [("ok", NEW)] * 3


def test_it_waits_for_a_look_when_all_of_it_is_written(course: Course) -> None:
    run = start(3)
    first, *others = reserved()
    settle(good(job) for job in others)
    sweep()
    assert pilot_of(run) == "writing"
    settle([failed(first, Permanent("refusal", "x"), base_pause=0)])
    swept = sweep()
    assert (pilot_of(run), swept.closed, swept.next_due) == ("waiting", 0, None)
    assert claim() == []


def test_a_retry_in_the_pilot_is_still_the_pilot(course: Course) -> None:
    run = start(2)
    first, second = reserved()
    settle([good(first), failed(second, Permanent("refusal", "x"), base_pause=0)])
    sweep()
    assert pilot_of(run) == "waiting"
    assert retry_failed(run) == 1
    assert pilot_of(run) == "writing"
    assert [c.id for c in claim()] == [second.claim.id]


def test_a_pilot_that_the_budget_holds_is_not_written_yet(course: Course) -> None:
    run = start(2, budget_micro=150)
    asked = reserve(jobs())
    settle([*asked.outcomes, *(good(job) for job in asked.allowed)])
    sweep()
    assert pilot_of(run) == "writing"
    GenerationRun.objects.update(budget_micro=1000)
    sweep()
    settle(good(job) for job in reserved())
    sweep()
    assert pilot_of(run) == "waiting"


def test_asked_again_while_the_pilot_is_written_nothing_is_published_either(course: Course) -> None:
    start(1)
    [job] = reserved()
    GenerationItem.objects.filter(pk=job.claim.id).update(wanted_rev=2)
    settle([good(job)])
    assert not Text.objects.exists()
    jobs_left, outcomes = prepare(claim())
    assert (jobs_left, [outcome.text is not None for outcome in outcomes]) == ([], [True]), (
        "it is paid already"
    )
    settle(outcomes)
    assert (states(), Text.objects.count()) == ({"held": 1, "queued": 11}, 0)


def test_the_simple_writers_pilot_is_kept_as_well_and_costs_nothing(course: Course) -> None:
    run = start_run(selection=Selection(), backend="simple", pilot=2).run
    settle(good(job) for job in reserved())
    assert [item.answer for item in pilot_items(run.pk)] == [NEW] * 2
    assert (calls("model", "reserved_micro", "state"), money(run)) == ([("", 0, "ok")] * 2, (0, 0))


# --- the look ---


def test_a_draft_stands_beside_the_old_text_and_the_standard_one(course: Course) -> None:
    run = start(1)
    [job] = reserved()
    item = GenerationItem.objects.get(pk=job.claim.id)
    make_text(item.learner, item.lesson, {"why_watch": "old"})
    make_description(item.lesson)
    settle([good(job)])
    names = (item.pk, item.learner.pk, item.lesson_id)
    assert pilot_items(run.pk) == [PilotItem(*names, NEW, {"why_watch": "old"}, DESCRIPTION)]


def test_what_there_is_not_is_none(course: Course) -> None:
    run = write_pilot(2)
    assert [(item.old, item.standard) for item in pilot_items(run.pk)] == [(None, None)] * 2


def test_accepted_drafts_are_published_without_another_call_and_the_rest_follows(course: Course) -> None:
    run = write_pilot(3)
    assert accept_pilot(run) == Accepted(3)
    assert pilot_of(run) == "accepted"
    more, outcomes = prepare(claim())
    assert (len(more), len(outcomes)) == (9, 3)
    settle(outcomes)
    assert Text.objects.count() == 3
    assert {text.content["why_watch"] for text in Text.objects.all()} == {NEW["why_watch"]}
    assert set(Text.objects.values_list("model", flat=True)) == {current_recipe("openai").model}
    assert (money(run), calls("answer")) == ((0, 240), [None] * 3)
    assert pilot_items(run.pk) == []


def test_a_pilot_may_be_accepted_before_its_last_text_is_there(course: Course) -> None:
    run = start(2)
    first, last = reserved()
    settle([good(first)])
    assert accept_pilot(run) == Accepted(1)
    settle([good(last)])
    assert Text.objects.count() == 1
    assert GenerationItem.objects.get(pk=last.claim.id).state == "done"


def test_a_draft_that_took_the_last_attempt_is_published_as_well(course: Course) -> None:
    run = start(1)
    GenerationItem.objects.update(max_attempts=1)
    settle(good(job) for job in reserved())
    accept_pilot(run)
    settle(prepare(claim())[1])
    assert Text.objects.count() == 1


def test_there_is_one_decision(course: Course) -> None:
    run = write_pilot(1)
    assert accept_pilot(run) == Accepted(1)
    assert accept_pilot(run) is None
    assert accept_pilot(start(None)) is None


def test_what_was_thrown_away_is_neither_published_nor_kept(course: Course) -> None:
    run = write_pilot(3)
    assert cancel_run(run) is True
    assert accept_pilot(run) is None
    sweep()
    assert (states(), Text.objects.count()) == ({"cancelled": 12}, 0)
    assert not ModelCall.objects.filter(answer__isnull=False).exists()
    assert money(run) == (0, 240), "what it cost stays"


def test_the_same_key_with_another_pilot_is_another_request(course: Course) -> None:
    start(3, idempotency_key="k")
    assert start(3, idempotency_key="k").pilot == "writing"
    with pytest.raises(PlanRefused, match="another request"):
        start(4, idempotency_key="k")
    with pytest.raises(PlanRefused, match="another request"):
        start(3, idempotency_key="k", budget_micro=5)


def test_a_pilot_is_no_larger_than_somebody_reads_at_any_door() -> None:
    with pytest.raises(PlanRefused, match="50 at most"):
        start_run(selection=Selection(), backend="simple", pilot=51)
