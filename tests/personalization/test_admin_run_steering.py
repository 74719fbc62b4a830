"""What a run's page offers beside its progress: questions before what cannot be undone, budget, money."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from personalization.models import GenerationRun
from personalization.services.runs import PAUSED_BY_HAND
from personalization.services.watched import Worker, beat
from tests.builders import (
    make_call,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
)
from tests.personalization.test_admin_runs import RIGHTS, add, due_for, url

OPERATOR = [*RIGHTS, "personalization.run_generation"]


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def page(client: Client, run: GenerationRun) -> str:
    return " ".join(client.get(url(run, "progress")).content.decode().split())


def question(run: GenerationRun, command: str) -> str:
    return reverse("admin:personalization_generationrun_question", args=[run.pk, command])


def raise_to(client: Client, run: GenerationRun, amount: str) -> str:
    """What the page says after the budget was sent."""
    sent = {"command": "raise_budget", "budget": amount}
    return client.post(url(run, "command"), sent, follow=True).content.decode()


def test_cancel_asks_first_and_says_what_it_takes(admin: Client) -> None:
    run = make_run()
    for state in ("done", "done", "queued", "running", "failed"):
        add(run, state=state)
    assert f'href="{question(run, "cancel")}"' in page(admin, run)
    asked = admin.get(question(run, "cancel")).content.decode()
    assert "2 texts are written and stay. 2 will not be written" in asked
    assert 'name="command" value="cancel"' in asked
    run.refresh_from_db()
    assert run.state == "open"


def test_a_run_that_has_ended_is_not_offered_to_be_cancelled(admin: Client) -> None:
    asked = admin.get(question(make_run(state="closed"), "cancel")).content.decode()
    assert "has ended already" in asked
    assert 'value="cancel"' not in asked


@pytest.mark.parametrize("command", ["pause", "raise_budget", "nonsense"])
def test_there_is_no_question_for_what_needs_none(admin: Client, command: str) -> None:
    assert admin.get(question(make_run(), command)).status_code == 404


def test_the_question_is_for_those_who_may_run(client: Client, db: None) -> None:
    run = make_run()
    client.force_login(make_staff(permissions=RIGHTS))
    assert client.get(question(run, "cancel")).status_code == 403


def test_what_was_done_is_kept_with_who_did_it(client: Client, db: None) -> None:
    run = make_run()
    client.force_login(make_staff("anna", permissions=OPERATOR))
    client.post(url(run, "command"), {"command": "pause"})
    client.post(url(run, "command"), {"command": "pause"})  # not possible any more: nothing was done
    kept = LogEntry.objects.values_list("user__username", "object_id", "change_message")
    assert list(kept) == [("anna", str(run.pk), "Pause")]


def test_what_waits_for_money_can_be_given_some(admin: Client) -> None:
    run = make_run(backend="openai", budget_micro=2_000_000, spent_micro=1_990_000, calls=3)
    for _ in range(3):
        add(run, state="held", error_code="budget")
    html = page(admin, run)
    assert "3 texts wait for money: what is left of the budget of 2.00 USD is not enough" in html
    assert 'value="raise_budget"' in html
    assert "not enough left" not in html, "what waits is no error"
    assert "goes on within seconds" in raise_to(admin, run, "3.5")
    run.refresh_from_db()
    assert run.budget_micro == 3_500_000


@pytest.mark.parametrize(
    ("amount", "said"), [("", "such as 12"), ("-1", "such as 12"), ("1.5", "above the budget")]
)
def test_a_budget_is_never_lowered_and_never_nonsense(admin: Client, amount: str, said: str) -> None:
    run = make_run(budget_micro=2_000_000)
    assert said in raise_to(admin, run, amount)
    run.refresh_from_db()
    assert run.budget_micro == 2_000_000
    assert not LogEntry.objects.exists()


def test_who_may_only_look_is_told_of_the_budget_and_cannot_raise_it(client: Client, db: None) -> None:
    run = make_run(budget_micro=2_000_000)
    add(run, state="held", error_code="budget")
    client.force_login(make_staff(permissions=RIGHTS))
    html = page(client, run)
    assert "waits for money" in html
    assert "raise_budget" not in html
    assert client.post(url(run, "command"), {"command": "raise_budget", "budget": "9"}).status_code == 403


def test_cost_against_budget_and_estimate(admin: Client) -> None:
    run = make_run(
        backend="openai",
        budget_micro=10_000_000,
        estimate_micro=8_000_000,
        spent_micro=2_500_000,
        reserved_micro=500_000,
        calls=21,
        input_tokens=1_000_000,
        cached_tokens=940_000,
        output_tokens=12_345,
    )
    lesson = make_lesson()
    for number in range(40):
        learner = make_learner(course=lesson.course)
        make_item(run, learner, lesson, state="done" if number < 20 else "queued")
    view = admin.get(url(run, "progress")).context["run"]
    assert (view.money.spent, view.money.reserved) == ("2.50 USD", "0.50 USD")
    assert (view.money.spent_percent, view.money.reserved_percent) == ("25.0", "5.0")
    assert view.money.projected == "5.00 USD"
    assert view.money.cached == "94 % from the cache"
    assert not view.money.over
    html = page(admin, run)
    for shown in ("10.00 USD", "8.00 USD", "1,000,000", "12,345", 'aria-label="2.50 USD of 10.00 USD"'):
        assert shown in html


def test_a_run_that_will_cost_more_than_it_may_is_marked(admin: Client) -> None:
    run = make_run(backend="openai", budget_micro=3_000_000, spent_micro=2_500_000, calls=20)
    lesson = make_lesson()
    for number in range(30):
        learner = make_learner(course=lesson.course)
        make_item(run, learner, lesson, state="done" if number < 20 else "queued")
    assert "run-over" in page(admin, run)
    assert 'placeholder="4.2"' not in page(admin, run), "nothing waits for money yet"
    run.items.filter(state="queued").update(state="held", error_code="budget")
    assert 'placeholder="4.2"' in page(admin, run)


def test_a_run_that_costs_nothing_shows_no_money(admin: Client) -> None:
    run = make_run()
    add(run, state="done")
    assert "USD" not in page(admin, run)


def test_a_paused_run_says_how_it_goes_on_to_who_may_do_it(client: Client, db: None) -> None:
    run = make_run(state="paused", note="Paused by hand.")
    client.force_login(make_staff("looks", permissions=RIGHTS))
    html = page(client, run)
    assert "Paused by hand." in html
    assert "continues where it stopped" not in html
    client.force_login(make_staff("steers", permissions=OPERATOR))
    assert "continues where it stopped" in page(client, run)


def test_what_is_tried_again_later_says_when(admin: Client) -> None:
    beat(Worker())
    run = make_run()
    add(run, error_code="rate_limit", error_message="429", **due_for(-45))
    html = page(admin, run)
    assert "tried again after a pause: the first in about 4" in html
    assert "celery" not in html


@pytest.mark.parametrize(("pilot", "known"), [("", True), ("writing", False), ("accepted", True)])
def test_before_a_look_nobody_knows_when_it_ends(admin: Client, pilot: str, known: bool) -> None:
    run = make_run(pilot=pilot)
    add(run, state="done")
    add(run, state="running")
    view = admin.get(url(run, "progress")).context["run"]
    assert view.rate
    assert bool(view.time_left) is known


def test_an_error_leads_to_an_example(admin: Client) -> None:
    run = make_run()
    item = add(run, error_code="timeout", error_message="no whole answer within 90 s")
    html = page(admin, run)
    assert f'{reverse("admin:personalization_profile_change", args=[item.profile_id])}">u-' in html
    assert reverse("admin:courses_lesson_change", args=[item.lesson_id]) in html


def test_the_slowest_lessons_lead_to_their_pages(admin: Client) -> None:
    run = make_run(backend="openai", calls=2)
    slow, quick = add(run, state="done"), add(run, state="done")
    make_call(quick, seconds=1)
    make_call(slow, seconds=4)
    html = page(admin, run)
    places = [html.index(reverse("admin:courses_lesson_change", args=[i.lesson_id])) for i in (slow, quick)]
    assert places == sorted(places)
    assert "A call took 2.50 s on average." in html


def test_the_list_says_which_run_waits_for_a_look_and_what_each_cost(admin: Client) -> None:
    make_run(pilot="waiting", spent_micro=1_230_000)
    html = admin.get(reverse("admin:personalization_generationrun_changelist")).content.decode()
    assert "waits for a look" in html
    assert "1.23\u00a0USD" in html


@pytest.mark.parametrize(("state", "offered"), [("open", False), ("closed", True)])
def test_a_run_that_ended_offers_its_texts_as_a_file(admin: Client, state: str, offered: bool) -> None:
    run: Any = make_run(state=state)
    add(run, state="done")
    assert (f'href="{url(run, "items")}" download' in page(admin, run)) is offered


@pytest.mark.parametrize(
    ("command", "fields", "item", "said"),
    [
        ("retry", {}, {"state": "failed"}, "in the queue again. The run is still paused"),
        (
            "accept",
            {"pilot": "waiting"},
            {"state": "held", "error_code": "pilot"},
            "The pilot is accepted. The run is still paused",
        ),
        (
            "accept",
            {"pilot": "waiting"},
            {},
            "The pilot is accepted without a look: nothing of it was written. The run is still paused",
        ),
    ],
)
def test_what_was_paused_by_hand_stays_paused_and_it_is_said(
    admin: Client, command: str, fields: dict[str, Any], item: dict[str, Any], said: str
) -> None:
    run = make_run(state="paused", note=PAUSED_BY_HAND, **fields)
    add(run, **item)
    html = admin.post(url(run, "command"), {"command": command}, follow=True).content.decode()
    assert said in html
    run.refresh_from_db()
    assert run.state == "paused"


def test_what_the_provider_had_paused_goes_on_with_a_retry(admin: Client) -> None:
    run = make_run(state="paused", note="the endpoint refused the key")
    add(run, state="failed")
    admin.post(url(run, "command"), {"command": "retry"})
    run.refresh_from_db()
    assert (run.state, run.note) == ("open", "")


def test_failed_texts_that_another_run_writes_are_not_blamed_on_the_runs_state(admin: Client) -> None:
    run, lesson = make_run(), make_lesson()
    learner = make_learner(course=lesson.course)
    make_item(run, learner, lesson, state="failed")
    make_item(make_run(), learner, lesson)
    html = admin.post(url(run, "command"), {"command": "retry"}, follow=True).content.decode()
    assert "another run is writing these texts by now" in html


def test_a_pilot_that_was_accepted_meanwhile_is_not_thrown_away(admin: Client) -> None:
    run = make_run(pilot="accepted")
    for answer in (
        admin.get(question(run, "throw_away"), follow=True),
        admin.post(url(run, "command"), {"command": "throw_away"}, follow=True),
    ):
        assert "There is no pilot to throw away" in answer.content.decode()
        assert "is cancelled" not in answer.content.decode()
    run.refresh_from_db()
    assert run.state == "open"
