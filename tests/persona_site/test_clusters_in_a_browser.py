"""Why a learner is in a cluster, and the upload of quiz results, as a person sees them in a real browser."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from courses.models import Course
from personalization.models import Profile, UserCluster
from personalization.services.clusters import recalculate
from tests.browser import DESKTOP, PHONE, browser_page, sideways_scroll
from tests.builders import make_course, make_feedback, make_learner, make_lesson, make_quiz, make_superuser
from tests.persona_site.test_editing_in_a_browser import let_in, session_of
from tests.persona_site.test_main_job import PICTURES

QUIZ = "user_identifier,lesson,score,created_at\n"


@pytest.fixture
def learner(transactional_db: None) -> Profile:
    course: Course = make_course(title="A neck without tension", language="en")
    lesson = make_lesson(course, title="Warm hands")
    survey = {"learning_style": "Auditory", "technical_depth": 85, "experience": "Two years of practice"}
    learner = make_learner("u-1", course, name="Olga", survey=survey)
    for score in (78, 92):
        make_quiz(learner, lesson, score)
    for issue in ("too_basic", "too_basic", "", "too_technical"):
        make_feedback(learner, lesson, issue, rating=4)
    recalculate(profiles=[learner.pk])
    return learner


def test_why_this_cluster_and_an_upload_that_changes_it(
    live_server: Any, learner: Profile, tmp_path: Path
) -> None:
    file = tmp_path / "quiz.csv"
    file.write_text(QUIZ + "u-1,1,20,2026-11-01\nu-1,1,900,2026-11-02\n")
    session = session_of(make_superuser("me"))
    with browser_page(live_server.url) as (page, complaints):
        let_in(page, live_server.url, session)
        look_why(page, reverse("admin:personalization_profile_change", args=[learner.pk]))
        upload(page, file)
        file.write_text(QUIZ + "u-1,1,20,2026-11-01\nu-1,1,10,2026-11-02\n")
        upload_again(page, file)
        assert complaints.found == []
    assert UserCluster.objects.get().cluster_type == "balanced"


def look_why(page: Page, address: str) -> None:
    page.goto(address)
    why = page.get_by_role("region", name="Why this cluster")
    chosen = why.get_by_role("row", name="theoretical, advanced (chosen)")
    expect(chosen).to_contain_text("0.68")
    bar = chosen.locator(".cluster-value").bounding_box()
    track = chosen.locator(".cluster-track").bounding_box()
    assert bar
    assert track
    assert bar["width"] / track["width"] == pytest.approx(0.684, abs=0.01)
    page.set_viewport_size({"width": 1440, "height": 1600})  # the save buttons stay below
    why.screenshot(path=PICTURES / "cluster.png")
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.evaluate("document.documentElement.classList.add('dark')")
    light_on_dark(page)
    page.set_viewport_size(DESKTOP)


def light_on_dark(page: Page) -> None:
    """The bar of the chosen cluster stands out from its track, and its words from the page."""
    colours = page.evaluate(
        "['.cluster-chosen .cluster-value', '.cluster-chosen .cluster-track']"
        ".map(name => getComputedStyle(document.querySelector(name)).fill)"
    )
    assert len(set(colours)) == 2


def upload(page: Page, file: Path) -> None:
    page.goto(reverse("admin:personalization_quizresult_changelist"))
    page.get_by_role("link", name="Import quiz results").click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The file was refused, and nothing was written")
    expect(alert).to_contain_text("line 3, score: must be a number from 0 to 100")
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.set_viewport_size(DESKTOP)


def upload_again(page: Page, file: Path) -> None:
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("nothing has been written yet. New: 2.")).to_be_visible()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("1 learner moves to another cluster")).to_be_visible()
