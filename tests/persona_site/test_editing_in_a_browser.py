"""An editor at work in a real browser: items, counts, preview, save; and a second one who was quicker."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from courses.models import Lesson, LessonDescription
from tests.browser import DESKTOP, PHONE, browser_page, sideways_scroll
from tests.builders import make_course, make_description, make_lesson, make_superuser
from tests.persona_site.test_main_job import PICTURES

DESCRIPTION = {
    "introduction": "The hands are the first thing that a person feels. Today they get warm and slow.",
    "key_points": [
        "Cold hands make a neck tense",
        "A gentle push",
        "Calm breath",
        "A pause after each minute",
    ],
    "practical_tips": ["Warm your palms", "Ask about pain", "Take your time"],
    "important_notes": ["Leave the front of the neck alone", "Stop where it hurts"],
    "homework": "Repeat it at home.",
    "motivational_line": "A beginning is made.",
}
SENTENCES = {
    "": 0,
    "One. Two": 2,
    "Привет, т. е. здравствуйте. Как дела? Хорошо…": 3,
    "«Уже 3.5 минуты?» – спросил он.": 1,
    "He asked: “Now?” Yes!": 2,
}

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def lesson(transactional_db: None) -> Lesson:
    course = make_course(title="A neck without tension", language="en")
    lesson = make_lesson(course, title="Warm hands", summary="Before")
    make_description(lesson, DESCRIPTION)
    return lesson


@pytest.fixture
def sessions(transactional_db: None) -> list[str]:
    """Cookies of two people who have logged in."""
    return [session_of(make_superuser(name)) for name in ("me", "anna")]


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def let_in(page: Page, site: str, session: str) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])


@pytest.fixture
def saved(lesson: Lesson) -> Iterator[None]:
    yield
    stored = LessonDescription.objects.get(lesson=lesson).data
    assert stored["key_points"] == [
        "A gentle push",
        "Warm hands first",
        "A pause after each minute",
        "A new point",
    ]
    lesson.refresh_from_db()
    assert (lesson.summary, lesson.title) == ("Anna's summary", "Warm hands")
    assert stored["homework"] == DESCRIPTION["homework"]


def test_edit_a_list_see_it_and_meet_another_editor(
    live_server: Any, lesson: Lesson, sessions: list[str], saved: None
) -> None:
    address = reverse("admin:courses_lesson_change", args=[lesson.pk])
    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, sessions[0])
        page.goto(address)
        for text, count in SENTENCES.items():
            assert page.evaluate("text => persona.sentences(text)", text) == count, text
        edit_the_list(page)
        see_the_preview(page)
        somebody_else_is_quicker(page, live_server.url + address, sessions[1])
        meet_the_other_editor(page)
        compare_with_the_first_version(page, address.replace("change/", "history/"))
        assert complaints.found == []


def edit_the_list(page: Page) -> None:
    points = page.get_by_role("group", name="Key points").first
    items = points.get_by_role("textbox")
    expect(items).to_have_count(4)
    expect(page.locator("#id_section_key_points")).to_be_hidden()
    expect(page.get_by_text("4 of 4–6 items")).to_be_visible()
    items.first.fill("Warm hands first")
    items.first.press("Alt+ArrowDown")
    expect(items.nth(1)).to_be_focused()
    expect(page.get_by_role("status").first).to_have_text("Item moved to place 2 of 4.")
    points.get_by_role("button", name="Remove: item 3").click()
    expect(items.nth(2)).to_be_focused()
    expect(page.get_by_text("3 of 4–6 items – too few")).to_be_visible()
    items.nth(2).press("End")
    items.nth(2).press("Enter")
    page.keyboard.type("many " * 18 + "words")
    expect(page.get_by_text("19 words, at most 18 are good")).to_be_visible()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("A new point")
    expect(page.get_by_text("19 words, at most 18 are good")).to_be_hidden()


def see_the_preview(page: Page) -> None:
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_text("A new point")).to_be_visible()
    expect(preview.get_by_text("up to date")).to_be_visible()
    late_answers_change_nothing(page)
    page.screenshot(path=PICTURES / "lesson-form.png")
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    expect(preview.get_by_text("A new point")).to_be_hidden()
    preview.get_by_role("button", name="Show the preview").click()
    expect(preview.get_by_text("A new point")).to_be_visible()
    page.set_viewport_size(DESKTOP)


def late_answers_change_nothing(page: Page) -> None:
    """The first answer is held back until the second one is shown."""
    held: list[Any] = []
    page.route("**/draft/", lambda route: held.append(route) if not held else route.continue_())
    title = page.get_by_role("textbox", name="Title")
    with page.expect_request("**/draft/"):
        title.fill("Cold hands")
    title.fill("Warm hands")
    expect(page.get_by_role("region", name="Preview").get_by_text("up to date")).to_be_visible()
    held[0].fulfill(body="<p>Too late</p>")
    page.unroute("**/draft/")
    expect(page.get_by_text("Too late")).to_have_count(0)


def somebody_else_is_quicker(page: Page, address: str, session: str) -> None:
    browser = page.context.browser
    assert browser
    other = browser.new_context(viewport=DESKTOP, locale="en").new_page()
    let_in(other, address, session)
    other.goto(address)
    other.get_by_label("Summary").fill("Anna's summary")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_text("was changed successfully")).to_be_visible()


def meet_the_other_editor(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Two versions")).to_be_focused()
    expect(page.get_by_text("changed by somebody else: taken over")).to_be_visible()
    expect(page.get_by_role("textbox", name="Summary")).to_have_value("Anna's summary")
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.set_viewport_size(DESKTOP)
    page.screenshot(path=PICTURES / "two-versions.png")
    page.get_by_role("button", name="Save mine anyway").first.click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def compare_with_the_first_version(page: Page, history: str) -> None:
    page.goto(history)
    expect(page.get_by_text("me · ").first).to_be_visible()
    expect(page.get_by_text("anna · ").first).to_be_visible()
    page.get_by_label("older", exact=True).nth(2).check()  # before the two editors
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("insertion").filter(has_text="A new point")).to_be_visible()
    expect(page.get_by_role("deletion").filter(has_text="Cold hands make a neck tense")).to_be_visible()
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.set_viewport_size(DESKTOP)
    page.screenshot(path=PICTURES / "compare.png")
