"""A run's page while it is read again each second: nothing that a person does on it is undone."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django import Settings

from courses.models import Lesson
from persona_site.embedded.valkey import Valkey
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun
from personalization.models.workers import WorkerHeartbeat
from personalization.services.drain import drain
from personalization.services.template_runs import start_template_run
from tests.browser import PHONE, browser_page, sideways_scroll
from tests.builders import make_item, make_learner, make_lesson, make_run, make_superuser
from tests.persona_site.test_editing_in_a_browser import let_in, session_of
from tests.persona_site.test_main_job import PICTURES
from tests.personalization.paid_work import PRICES
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")

PATIENCE = 30_000  # milliseconds; the page looks the less often the longer the server takes


def elsewhere(change: Callable[[], object]) -> None:
    """In a thread of its own: the browser's may not speak to the database."""

    def changed() -> None:
        try:
            change()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(changed).result()


def test_what_one_types_opens_and_stands_on_stays_while_the_figures_change(live_server: Any) -> None:
    session = session_of(make_superuser())
    run, lesson = make_run(budget_micro=1_000_000), make_lesson()
    for state, code in (("held", "budget"), ("queued", "rate_limit"), ("queued", "")):
        make_item(run, make_learner(course=lesson.course), lesson, state=state, error_code=code)
    items = GenerationItem.objects.filter(state="queued")

    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        page.goto(reverse("admin:personalization_generationrun_change", args=[run.pk]))
        amount = page.get_by_label("New budget")
        amount.press_sequentially("12.")
        elsewhere(lambda: items.filter(error_code="").update(state="done", finished_at=run.created_at))
        expect(page.get_by_text("1 of 3 texts (33 %)")).to_be_visible(timeout=PATIENCE)
        expect(page).to_have_title(re.compile("^33 % · "))
        expect(amount).to_be_focused()
        amount.press_sequentially("5")
        expect(amount).to_have_value("12.5")

        example = page.get_by_role("row", name="rate_limit").get_by_role("link").first
        example.focus()
        elsewhere(lambda: items.update(state="held"))
        expect(page.get_by_role("row", name="rate_limit").get_by_text("held")).to_be_visible(timeout=PATIENCE)
        expect(example).to_be_focused()
        assert complaints.found == []


def test_the_chart_and_the_file_come_when_the_run_ends(live_server: Any) -> None:
    session = session_of(make_superuser())
    run, lesson = make_run(), make_lesson()
    make_item(run, make_learner(course=lesson.course), lesson, state="running")
    ended = {"state": "done", "finished_at": run.created_at, "lease_token": None, "lease_until": None}

    def end() -> None:
        GenerationItem.objects.update(**ended)
        GenerationRun.objects.update(state="closed", closed_at=run.created_at)

    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        page.goto(reverse("admin:personalization_generationrun_change", args=[run.pk]))
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        elsewhere(end)
        expect(page.get_by_role("img", name="Texts over time")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("link", name="All texts as a CSV file")).to_be_visible()
        expect(page.get_by_role("button", name="Pause")).to_be_hidden()
        page.get_by_text("The figures as a table").click()
        expect(page.get_by_role("columnheader", name="done")).to_be_visible()
        assert complaints.found == []


def test_a_tab_in_the_background_still_says_how_far_the_run_is(live_server: Any) -> None:
    session = session_of(make_superuser())
    run, lesson = make_run(), make_lesson()
    for state in ("queued", "queued"):
        make_item(run, make_learner(course=lesson.course), lesson, state=state)
    first = GenerationItem.objects.filter(pk=GenerationItem.objects.earliest("pk").pk)

    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        page.clock.install()
        page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true })")
        page.goto(reverse("admin:personalization_generationrun_change", args=[run.pk]))
        elsewhere(lambda: first.update(state="done", finished_at=run.created_at))
        page.clock.fast_forward(15_000)
        expect(page).to_have_title(re.compile("^50 % · "), timeout=PATIENCE)
        assert complaints.found == []


SOON = """
    const after = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (milliseconds) => { window.patience = milliseconds; return after(1); };
"""


def test_a_connection_that_swallows_everything_is_told_of(live_server: Any) -> None:
    session = session_of(make_superuser())
    run, lesson = make_run(), make_lesson()
    make_item(run, make_learner(course=lesson.course), lesson)

    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        page.add_init_script(SOON)
        page.route("**/progress/", lambda route: None)  # neither passed on nor refused
        page.goto(reverse("admin:personalization_generationrun_change", args=[run.pk]))
        expect(page.get_by_text("No contact with the server; trying again.")).to_be_visible(timeout=PATIENCE)
        assert page.evaluate("window.patience") == 15_000
        assert complaints.found == []


def test_a_run_of_descriptions_shows_how_far_it_is(
    live_server: Any, fake_model: RunningFakeModel, settings: Settings
) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    valkey = Valkey(settings.VAR)
    valkey.ensure()
    settings.REDIS_URL = valkey.broker_url
    fake_model.set(latency=700)
    WorkerHeartbeat.objects.create(pk=uuid4(), name="worker:1", concurrency=2, version="1")
    settings.MODEL_PRICES, settings.GENERATION_CONCURRENCY = PRICES, 2  # some of it is still to be done
    session = session_of(make_superuser())
    call_command("import_lessons", verbosity=0)
    lessons = list(Lesson.objects.filter(course__slug="shvz").values_list("pk", flat=True))
    run = start_template_run(
        lessons=lessons, stores={}, force=True, budget_micro=1_000_000, estimate_micro=40_000
    ).run
    drain(lambda: at_once(GenerationItem.objects.filter(state="done").exists)[0])
    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        page.goto(reverse("admin:personalization_generationrun_change", args=[run.pk]))
        expect(page.get_by_role("heading", name="Standard descriptions")).to_be_visible()
        expect(page.get_by_text("queued:")).to_be_visible()
        page.screenshot(path=PICTURES / "run-descriptions.png")
        page.set_viewport_size(PHONE)
        assert sideways_scroll(page) == 0
        assert complaints.found == []
