"""An editor changes a prompt, sees what would be sent, compares, and makes it live."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from courses.models import Course, Lesson
from personalization.live_prompts import live_content
from personalization.models import PromptVersion
from personalization.shipped_config import PERSONALIZATION
from tests.browser import DESKTOP, PHONE, browser_page, sideways_scroll
from tests.builders import make_course, make_learner, make_lesson, make_superuser, make_text
from tests.persona_site.test_editing_in_a_browser import let_in, session_of
from tests.persona_site.test_main_job import PICTURES

LIST = "admin:personalization_promptentry_changelist"


@pytest.fixture
def lesson(transactional_db: None) -> Lesson:
    course: Course = make_course(title="A neck without tension", language="en")
    lesson = make_lesson(course, title="Warm hands")
    for number, goal in enumerate(("Help my husband after long drives", "Sleep better"), start=1):
        survey = {"motivation": goal, "learning_style": "Visual", "technical_depth": 10}
        learner = make_learner(f"u-{number}", course, name="Olga", survey=survey)
        make_text(learner, lesson, origin="openai", fingerprint="old", prompt_version="personalization:1 abc")
    return lesson


def test_a_prompt_is_changed_tried_compared_and_made_live(live_server: Any, lesson: Lesson) -> None:
    session = session_of(make_superuser("me"))
    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        page.goto(reverse(LIST))
        seen(page, "list")
        page.get_by_role("link", name="Texts for learners").click()
        refuse(page)
        save(page)
        look_at_messages(page)
        make_it_live(page)
        compare(page)
        for name in ("variableentry", "settingentry"):
            page.goto(reverse(f"admin:personalization_{name}_changelist"))
            seen(page, name)
        page.goto(reverse("admin:personalization_variableentry_add"))
        seen(page, "variable")
        assert complaints.found == []
    assert PromptVersion.objects.get(key=PERSONALIZATION, number=2).note == "Friendlier"
    assert "plain and friendly" in (live_content(PERSONALIZATION) or "")


def refuse(page: Page) -> None:
    words = page.get_by_label("Words of the prompt")
    before = words.input_value()
    words.fill(before.replace("{{ lesson.title }}", "{{ lesson.number }}", 1))
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 28: There is no “lesson.number”")
    seen(page, "refused")
    words = page.get_by_label("Words of the prompt")
    assert "{{ lesson.number }}" in words.input_value()
    friendlier = before.replace("warm, plain and respectful", "plain and friendly")
    rule = "- No lesson numbers"
    words.fill(friendlier.replace(rule, f"- Begin with what can be done today.\n{rule}"))


def save(page: Page) -> None:
    page.get_by_label("What you change, and why (optional)").fill("Friendlier")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_text("Saved as version 2, a draft")).to_be_visible()


def look_at_messages(page: Page) -> None:
    page.get_by_label("Olga (u-1)").check()
    page.get_by_label("Or by their identifiers").fill("u-2")
    page.get_by_role("button", name="Show the messages").click()
    sent = page.get_by_role("region", name="What would be sent")
    expect(sent).to_contain_text("2 requests, about")
    expect(sent).to_contain_text("Write in English only: plain and friendly.")
    expect(sent).to_contain_text("Help my husband after long drives")
    seen(page, "try")


def make_it_live(page: Page) -> None:
    page.get_by_role("link", name="Make live").click()
    expect(page.get_by_text("were stale already")).to_be_visible()
    seen(page, "live")
    page.get_by_role("button", name="Make version 2 live").click()
    expect(page.get_by_text("Version 2 is live: what is written")).to_be_visible()


def compare(page: Page) -> None:
    versions = page.get_by_role("form", name="Versions, newest first")
    expect(versions.get_by_role("listitem").first).to_contain_text("live")
    seen(page, "edit")
    versions.get_by_role("button", name="Compare").click()
    expect(page.locator("ins", has_text="friendly")).to_be_visible()
    expect(page.locator("del", has_text="warm")).to_be_visible()
    expect(page.locator("ins", has_text="Begin with what can be done today.")).to_be_visible()
    page.set_viewport_size(DESKTOP)
    page.screenshot(path=PICTURES / "prompt-compare.png")
    seen(page, "compare")
    page.get_by_role("link", name="All versions").click()
    page.get_by_role("link", name="Its texts 1").click()
    expect(page.get_by_text("u-1", exact=False).first).to_be_visible()
    seen(page, "texts")


def seen(page: Page, name: str) -> None:
    """Neither page is wider than its window."""
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert sideways_scroll(page) == 0, (name, size)
