"""A coach with a portrait, the course that it speaks in, and a survey's words, in a real browser."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from pytest_django import Settings

from courses.models import Course
from personalization.models import Coach, CourseCoach, SurveyOption
from tests.browser import DESKTOP, PHONE, browser_page, sideways_scroll
from tests.builders import make_coach, make_course, make_superuser
from tests.persona_site.test_editing_in_a_browser import let_in, session_of
from tests.persona_site.test_main_job import PICTURES

VOICE = "Short sentences. A dry joke now and then, never at the learner's cost.\nSays “we” of practice."


@pytest.fixture
def course(transactional_db: None, settings: Settings, tmp_path: Path) -> Course:
    settings.MEDIA_ROOT = tmp_path / "media"
    return make_course(title="A neck without tension", language="en")


def drawn_portrait(path: Path) -> Path:
    """A face made of a few shapes."""
    picture = Image.new("RGB", (900, 900), "#dbeafe")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 640, 750, 1240), fill="#1d4ed8")
    draw.rounded_rectangle((390, 520, 510, 720), 50, fill="#e0ac85")
    draw.ellipse((230, 130, 670, 600), fill="#57351f")
    draw.ellipse((275, 200, 625, 640), fill="#e8b890")
    draw.chord((255, 150, 645, 470), 180, 360, fill="#57351f")
    for x in (365, 505):
        draw.ellipse((x, 395, x + 34, 429), fill="#1f2937")
    draw.arc((375, 440, 525, 560), 20, 160, fill="#7f1d1d", width=12)
    picture.save(path)
    return path


def test_a_coach_a_course_and_a_survey(live_server: Any, course: Course, tmp_path: Path) -> None:
    away = make_coach("Boris", is_active=False)
    CourseCoach.objects.create(course=course, coach=away)
    session = session_of(make_superuser("me"))
    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        add_a_coach(page, tmp_path)
        see_who_speaks(page, course)
        write_options(page)
        assert complaints.found == []
    assert Coach.objects.get(name="Ada").photo
    assert SurveyOption.objects.filter(question__key="fears", code="pain").exists()


def add_a_coach(page: Page, folder: Path) -> None:
    words = folder / "words.png"
    words.write_text("No picture at all")
    page.goto(reverse("admin:personalization_coach_add"))
    page.get_by_label("Name", exact=False).first.fill("Ada")
    page.locator("input[type=file]").set_input_files(words)
    page.get_by_label("Voice", exact=True).fill(VOICE)
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_text("A dry joke now and then")).to_be_visible()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("This is no JPEG, PNG or WebP picture")).to_be_visible()
    page.locator("input[type=file]").set_input_files(drawn_portrait(folder / "portrait.png"))
    page.get_by_label("Default coach").check()
    page.get_by_role("button", name="Save and continue editing").click()
    portrait = page.get_by_role("img", name="Image preview")
    expect(portrait).to_be_visible()
    assert portrait.evaluate("image => image.naturalWidth") == 800
    page.screenshot(path=PICTURES / "coach.png")
    fits_a_phone(page)


def see_who_speaks(page: Page, course: Course) -> None:
    page.goto(reverse("admin:personalization_coach_changelist"))
    expect(page.get_by_text("Boris is not active. Ada, the default coach, speaks instead.")).to_be_visible()
    assert page.locator("img.coach-small").evaluate("image => image.naturalWidth") == 128
    fits_a_phone(page)
    page.goto(reverse("admin:courses_course_change", args=[course.pk]))
    expect(page.get_by_text("Boris is not active. Ada, the default coach, speaks instead.")).to_be_visible()
    fits_a_phone(page)
    page.locator("select[name=coach]").select_option(label="Ada")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Ada speaks in this course.")).to_be_visible()


def write_options(page: Page) -> None:
    page.goto(reverse("admin:personalization_coursesurvey_changelist"))
    fits_a_phone(page)
    page.get_by_role("link", name="Default survey").click()
    fits_a_phone(page)
    page.locator("tr", has=page.locator("input[value=fears]")).get_by_role("link", name="free words").click()
    page.get_by_role("link", name="Add another Option").click()
    page.locator("input[name=options-0-code]").fill("pain")
    page.locator("input[name=options-0-label_en]").fill("That it hurts")
    fits_a_phone(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="1 option")).to_be_visible()


def fits_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.set_viewport_size(DESKTOP)
