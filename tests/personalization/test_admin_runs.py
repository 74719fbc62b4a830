"""A run's page: progress that is read again, what failed and why, and the buttons that its state allows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from personalization.models import GenerationItem, GenerationRun
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
from tests.personalization.watched import age

LIST = reverse("admin:personalization_generationrun_changelist")
RIGHTS = ["personalization.view_generationrun"]


def url(run: GenerationRun, name: str) -> str:
    return reverse(f"admin:personalization_generationrun_{name}", args=[run.pk])


def add(run: GenerationRun, **fields: Any) -> GenerationItem:
    lesson = make_lesson()
    return make_item(run, make_learner(course=lesson.course), lesson, **fields)


def names(view: Any) -> list[str]:
    return [command.name for command in view.commands]


def due_for(seconds: float) -> dict[str, Any]:
    return {"available_at": timezone.now() - timedelta(seconds=seconds)}


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_progress_counts_by_state_and_goes_on(admin: Client) -> None:
    run = make_run()
    for state in ("queued", "running", "done", "done"):
        add(run, state=state)
    view = admin.get(url(run, "progress")).context["run"]
    assert {state: count for state, _, count in view.counts} == {"queued": "1", "running": "1", "done": "2"}
    assert (view.percent, view.goes_on, names(view)) == (50, True, ["pause", "cancel"])
    assert view.summary == "running: 50 %"


def test_what_the_provider_allows_is_told(admin: Client, settings: Settings) -> None:
    settings.MODEL_LIMITS = "* = 600 rpm"
    run = make_run(backend="openai", calls=1)
    add(run, state="queued")
    assert "allows 600 requests a minute." in admin.get(url(run, "progress")).content.decode()
    GenerationRun.objects.update(calls=0)
    assert "requests a minute" not in admin.get(url(run, "progress")).content.decode(), "no model, no limits"


def test_rate_and_time_left_are_in_words(admin: Client) -> None:
    run = make_run()
    for _ in range(3):
        add(run, state="done", finished_at=timezone.now() - timedelta(seconds=10))
    add(run, state="queued")
    view = admin.get(url(run, "progress")).context["run"]
    assert "per minute" in view.rate
    assert view.time_left.startswith("about ")


def test_no_time_is_left_once_all_have_ended(admin: Client) -> None:
    run = make_run()
    add(run, state="done", finished_at=timezone.now() - timedelta(seconds=10))
    view = admin.get(url(run, "progress")).context["run"]
    assert (view.now.state, view.time_left) == ("open", "")


def test_the_page_is_for_people_and_the_parts_for_the_script(admin: Client) -> None:
    run = make_run()
    add(run)
    page = admin.get(url(run, "change")).content.decode()
    parts = admin.get(url(run, "progress"))
    assert "personalization/run_progress.js" in page
    assert 'data-goes-on="1"' in page
    assert 'aria-live="polite"' in page
    assert "<html" not in parts.content.decode()
    assert "no-store" in parts.headers["Cache-Control"]


def test_a_run_that_ended_is_not_looked_at_again(admin: Client) -> None:
    run = make_run(state="closed")
    add(run, state="done")
    assert 'data-goes-on="0"' in admin.get(url(run, "change")).content.decode()


def test_errors_by_kind_and_the_texts_that_failed(admin: Client) -> None:
    run = make_run(state="closed")
    for _ in range(2):
        add(run, state="failed", error_code="new_code", error_message="the model refused <b>")
    add(run, state="skipped", error_code="locked", error_message="internal words")
    view = admin.get(url(run, "progress")).context["run"]
    assert [(line.kind.code, line.count, line.words) for line in view.errors] == [
        ("new_code", "2", "the model refused <b>"),
        ("locked", "1", "an editor changed the text; it is left as it is"),
    ]
    html = admin.get(url(run, "progress")).content.decode()
    failed = run.items.filter(state="failed").first()
    assert failed is not None
    assert reverse("admin:personalization_profile_change", args=[failed.profile_id]) in html
    assert reverse("admin:courses_lesson_change", args=[failed.lesson_id]) in html
    assert "refused &lt;b&gt;" in html


def test_a_paused_run_shows_why(admin: Client) -> None:
    run = make_run(state="paused", note="The key was refused (401).")
    add(run)
    response = admin.get(url(run, "progress"))
    assert "The key was refused (401)." in response.content.decode()
    assert names(response.context["run"]) == ["resume", "cancel"]
    assert "pause_circle" in response.content.decode()


def test_the_options_are_what_a_person_chose(admin: Client) -> None:
    run = make_run(options={"force": True, "request": "0123456789abcdef"})
    page = admin.get(url(run, "change")).content.decode()
    assert "Rewrite unchanged texts too" in page
    assert "0123456789abcdef" not in page


def test_the_note_of_a_run_that_ended_is_a_plain_line(admin: Client) -> None:
    html = admin.get(url(make_run(state="closed", note="Written elsewhere."), "progress")).content.decode()
    assert "<p>Written elsewhere.</p>" in html
    assert "pause_circle" not in html


def test_the_live_part_says_when_the_run_began_and_ended(admin: Client) -> None:
    run = make_run()
    add(run)
    began = admin.get(url(run, "progress")).content.decode()
    assert "Started: " in began
    assert "Ended: " not in began
    admin.post(url(run, "command"), {"command": "cancel"})
    GenerationRun.objects.filter(pk=run.pk).update(created_at=F("closed_at") - timedelta(minutes=95))
    ended = admin.get(url(run, "progress")).content.decode()
    assert "Ended: " in ended
    assert "(about 2 hours in all)" in ended


def test_a_failed_text_names_the_learner_and_the_identifier(admin: Client) -> None:
    run, lesson = make_run(state="closed"), make_lesson()
    for number, name in (("u-1001", "Nina"), ("u-1002", "")):
        make_item(run, make_learner(number, name=name, course=lesson.course), lesson, state="failed")
    html = admin.get(url(run, "progress")).content.decode()
    assert ">Nina (u-1001)</a>" in html
    assert ">u-1002</a>" in html


def test_without_a_worker_the_page_says_how_to_start_one(admin: Client) -> None:
    run = make_run()
    add(run)
    html = admin.get(url(run, "progress")).content.decode()
    assert "No worker is alive." in html
    assert "celery -A persona_site worker" in html
    beat(Worker())
    age("worker_heartbeats", "seen_at", 120)
    assert "the last one was seen about 2 minutes ago" in admin.get(url(run, "progress")).content.decode()


DOCTOR, BUSY = "<code>manage.py doctor</code>", "busy with other runs"


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda run: add(run, **due_for(30)), DOCTOR),
        (lambda run: add(run, **due_for(3)), ""),
        (lambda run: add(run, **due_for(-30)), ""),
        (lambda run: (add(run, **due_for(30)), add(make_run(), state="running")), BUSY),
        (lambda run: (add(run, **due_for(30)), add(run, state="done")), ""),
    ],
    ids=["waits long", "just asked for", "not due", "a worker is busy elsewhere", "a text was just written"],
)
def test_what_workers_that_live_do_not_take_the_page_tells_from_what_waits_its_turn(
    admin: Client, prepare: Callable[[GenerationRun], object], expected: str
) -> None:
    run = make_run()
    beat(Worker())
    prepare(run)
    html = admin.get(url(run, "progress")).content.decode()
    assert [words for words in (DOCTOR, BUSY) if words in html] == ([expected] if expected else [])
    assert "celery -A persona_site worker" not in html


@pytest.mark.parametrize(
    ("state", "command", "after", "item"),
    [
        ("open", "pause", "paused", "queued"),
        ("paused", "resume", "open", "queued"),
        ("open", "cancel", "cancelled", "cancelled"),
        ("closed", "pause", "closed", "queued"),
    ],
)
def test_buttons(admin: Client, state: str, command: str, after: str, item: str) -> None:
    run = make_run(state=state)
    waiting = add(run)
    answer = admin.post(url(run, "command"), {"command": command})
    assert answer.headers["Location"] == url(run, "change")
    run.refresh_from_db()
    waiting.refresh_from_db()
    assert (run.state, waiting.state) == (after, item)


def test_what_failed_can_be_tried_again(admin: Client) -> None:
    run = make_run(state="closed")
    failed = add(run, state="failed", error_code="refusal")
    assert names(admin.get(url(run, "progress")).context["run"]) == ["retry"]
    admin.post(url(run, "command"), {"command": "retry"})
    failed.refresh_from_db()
    run.refresh_from_db()
    assert (failed.state, run.state) == ("queued", "open")


@pytest.mark.parametrize("command", ["", "delete", "__class__"])
def test_an_unknown_command_does_nothing(admin: Client, command: str) -> None:
    assert admin.post(url(make_run(), "command"), {"command": command}).status_code == 405
    assert admin.get(url(make_run(), "command")).status_code == 405


def test_who_may_only_look_has_no_buttons(client: Client, db: None) -> None:
    run = make_run()
    add(run)
    client.force_login(make_staff(permissions=RIGHTS))
    assert 'value="pause"' not in client.get(url(run, "change")).content.decode()
    assert client.get(url(run, "progress")).status_code == 200
    assert client.post(url(run, "command"), {"command": "cancel"}).status_code == 403
    run.refresh_from_db()
    assert run.state == "open"


def test_who_may_not_look_sees_nothing(client: Client, db: None) -> None:
    run = make_run()
    assert client.get(url(run, "progress")).status_code == 302
    client.force_login(make_staff(permissions=["courses.view_course"]))
    assert client.get(url(run, "progress")).status_code == 403
    assert client.get(LIST).status_code == 403


def test_the_list_shows_what_came_of_each_run(admin: Client) -> None:
    run = make_run(state="closed")
    for state in ("done", "failed"):
        add(run, state=state)
    make_run()
    rows = {row.pk: row.counts for row in admin.get(LIST).context["cl"].result_list}
    assert rows[run.pk] == {"done": 1, "failed": 1}
    assert len(rows) == 2


@pytest.mark.parametrize("page", ["add/"])
def test_runs_are_not_made_by_hand(admin: Client, page: str) -> None:
    assert admin.get(LIST + page).status_code == 403
    assert admin.post(url(make_run(), "delete"), {"post": "yes"}).status_code == 403


def test_who_may_not_see_learners_sees_the_numbers_of_items(client: Client, db: None) -> None:
    run, lesson = make_run(calls=1), make_lesson()
    learner = make_learner("u-secret", course=lesson.course, name="Nina Secret")
    item = make_item(run, learner, lesson, state="failed", error_code="refusal")
    call = make_call(item)
    client.force_login(make_staff(permissions=["personalization.view_generationrun"]))
    pages = (
        url(run, "progress"),
        url(run, "items"),
        reverse("admin:personalization_modelcall_changelist") + f"?learner={learner.pk}",
        reverse("admin:personalization_modelcall_change", args=[call.pk]),
    )
    for address in pages:
        answer = client.get(address)
        body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200
        assert b"ecret" not in body, address
        assert str(item.pk).encode() in body, address
        assert b"personalization/profile/" not in body, "a link that would be refused"
