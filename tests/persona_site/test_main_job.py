"""The main job, as an operator does it in a real browser: select learners, regenerate, look at a few texts
first, go on, watch, read."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from courses.models import Lesson
from persona_site.demo import web
from persona_site.demo.processes import Process
from personalization.fake_model import RunningFakeModel
from personalization.models import PersonalizedLessonDescription, Profile
from tests.browser import DESKTOP, PHONE, browser_page, sideways_scroll
from tests.builders import PERSONAL_TEXT, make_superuser
from tests.conftest import ROOT, WorkerStarter
from tests.processes import Environment, until

pytestmark = pytest.mark.usefixtures("transactional_db")

# The pictures in docs/ are taken anew where UPDATE_PICTURES is set; a test run changes no tracked file.
PICTURES = ROOT / ("docs" if os.environ.get("UPDATE_PICTURES") else "var/test")
PASSWORD = "pw-for-a-test"
OLD = {**PERSONAL_TEXT, "summary_short": "Этот урок о первом прикосновении. Положите ладони на плечи."}


@contextmanager
def web_server(environment: Environment, log: Path) -> Iterator[str]:
    port = web.first_free(8300)
    command = ["granian", "--interface", "wsgi", "--no-ws", "--host", web.HOST, "--port", str(port)]
    variables = [f"{key}={value}" for key, value in environment.items()]
    server = Process(
        "web server",
        [
            "env",
            *variables,
            f"{ROOT}/.venv/bin/python",
            "-m",
            *command,
            "--blocking-threads",
            "2",
            "persona_site.wsgi:application",
        ],
        log,
    )
    try:
        until(lambda: web.status(port, "/admin/login/") == 200, "the login page answers")
        yield f"http://{web.HOST}:{port}"
    finally:
        server.stop()


@pytest.fixture
def site(
    process_environment: Environment,
    fake_model: RunningFakeModel,
    start_worker: WorkerStarter,
    tmp_path: Path,
) -> Iterator[str]:
    """The site as `make run` starts it: web, worker and sample store, with the fake model as model."""
    call_command("import_lessons", verbosity=0)
    lessons = Lesson.objects.filter(course__slug="shvz")
    for learner in Profile.objects.filter(course__slug="shvz"):
        # Of an older system: the run replaces them.
        texts = (PersonalizedLessonDescription(profile=learner, lesson=one, content=OLD) for one in lessons)
        PersonalizedLessonDescription.objects.bulk_create(texts, ignore_conflicts=True)
    admin = make_superuser("admin")
    admin.set_password(PASSWORD)
    admin.save(update_fields=["password"])
    model = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": fake_model.base_url, "GENERATION_CONCURRENCY": "6"}
    start_worker(**model)
    with web_server({**process_environment, **model}, tmp_path / "web.log") as address:
        yield address


def log_in(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Learners").first).to_be_visible()


def test_select_learners_regenerate_look_watch_and_read(site: str, fake_model: RunningFakeModel) -> None:
    fake_model.set(mode="rate_limit,cut,server_error", fail=0.1, latency=300, seed=5)
    with browser_page(site) as (page, complaints):
        log_in(page)
        start_a_run(page)
        look_at_the_pilot(page)
        watch_it_end(page)
        read_a_text(page)
        with ThreadPoolExecutor(1) as pool:  # the browser's own thread may not speak to the database
            assert pool.submit(count_texts_and_leave_something_to_do).result() == 80
        look_what_is_missing(page)
        look_what_it_cost(page)
        assert complaints.found == []


def picture(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


def start_a_run(page: Page) -> None:
    # Its address, not a click: the sidebar may still be setting itself up.
    page.goto(page.get_by_role("link", name="Learners").first.get_attribute("href") or "")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("regenerate")
    page.get_by_role("button", name="Run", exact=False).first.click()
    expect(page.get_by_text("will be written")).to_be_visible()
    page.get_by_label("Look at some texts first").fill("4")
    page.get_by_label("Budget in USD").fill("0.5")
    page.get_by_role("button", name="Start: write 80 texts").click()


def look_at_the_pilot(page: Page) -> None:
    page.get_by_role("link", name="Look at the pilot").click(timeout=30_000)
    expect(page.get_by_role("article")).to_have_count(4)
    expect(page.get_by_role("region", name="New draft")).to_have_count(4)
    expect(page.get_by_text("Accept: 4 drafts are published")).to_be_visible()
    for figure in ("Spent", "Budget", "Estimated before the start"):
        expect(page.get_by_role("term").filter(has_text=figure)).to_be_visible()
    picture(page, "pilot")
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.set_viewport_size(DESKTOP)
    page.get_by_role("link", name="Next draft").first.press("Enter")
    expect(page.get_by_role("article").nth(1)).to_be_focused()
    page.get_by_role("button", name="Accept and go on").click()


def watch_it_end(page: Page) -> None:
    bar = page.get_by_role("progressbar", name="Texts finished")
    expect(bar).to_be_visible()
    until(lambda: 40 < float(bar.get_attribute("value") or 0) < 100, "the bar moves without a reload")
    for figure in ("Budget", "Estimated before the start"):
        expect(page.get_by_role("term").filter(has_text=figure)).to_be_visible()
    picture(page, "run")
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.set_viewport_size(DESKTOP)
    expect(page.get_by_text("80 of 80")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("img", name="Texts over time")).to_be_visible(timeout=30_000)
    with page.expect_download() as file:
        page.get_by_role("link", name="All texts as a CSV file").click()
    assert file.value.path().read_bytes().count(b"\r\n") == 81
    picture(page, "run-finished")


def read_a_text(page: Page) -> None:
    page.goto("/admin/personalization/profile/")
    page.get_by_role("link", name="u-1001").click()
    expect(page.get_by_text("Lessons and their texts")).to_be_visible()
    page.get_by_role("link", name="read").first.click()
    expect(page.get_by_text("Where this text comes from")).to_be_visible()
    expect(page.get_by_text("gpt-4.1-mini")).to_be_visible()
    page.get_by_role("link", name="As the learner sees it").click()
    expect(page.get_by_role("heading", name="Почему этот урок для вас")).to_be_visible()
    expect(page.get_by_text("Нина").first).to_be_visible()
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0


def count_texts_and_leave_something_to_do() -> int:
    """A stale lesson with a working mark, a locked text, a learner without some texts, one without answers.

    Returns how many texts of the model there were before.
    """
    count = PersonalizedLessonDescription.objects.filter(origin="openai").count()
    Lesson.objects.filter(course__slug="shvz", lesson_number=4).update(title="Растирание ***")
    texts = PersonalizedLessonDescription.objects.filter(lesson__course__slug="shvz")
    texts.filter(profile__user_identifier="u-1002", lesson__lesson_number=2).update(edited_at=timezone.now())
    texts.filter(profile__user_identifier="u-1004", lesson__lesson_number__gt=8).delete()
    texts.filter(profile__user_identifier="u-1005").delete()
    Profile.objects.filter(user_identifier="u-1005").update(survey=None)
    connection.close()
    return count


def look_what_is_missing(page: Page) -> None:
    page.set_viewport_size(DESKTOP)
    page.goto("/admin/courses/course/")
    page.get_by_role("row", name="shvz").get_by_role("link", name="what is missing").click()
    cells = page.get_by_role("table").get_by_role("cell").get_by_role("link")
    expect(cells.first).to_have_accessible_name("current")
    picture(page, "overview")
    cells.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    edited = page.get_by_role("row", name="u-1002").get_by_role("link", name="edited")
    expect(edited).to_be_focused()
    expect(edited).to_have_attribute("title", re.compile("u-1002.*2. .*: edited"))
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0


def look_what_it_cost(page: Page) -> None:
    """Bars, no script: under the same policy, at the width of a phone."""
    page.goto("/admin/personalization/modelcall/costs/")
    expect(page.get_by_role("heading", name="Months")).to_be_visible()
    assert sideways_scroll(page) == 0
