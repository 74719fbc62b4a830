"""The admin's pages of clusters, refined prompts, feedback, quiz results; why a learner is in a cluster."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from courses.models import Course
from personalization.models import LessonFeedback, Profile, QuizResult, UserCluster
from personalization.services.clusters import recalculate
from tests.builders import (
    make_cluster,
    make_course,
    make_feedback,
    make_learner,
    make_lesson,
    make_quiz,
    make_refinement,
    make_run,
    make_staff,
    make_superuser,
)

ABOUT = ("usercluster", "promptrefinement", "lessonfeedback", "quizresult")
BASIC = {"learning_style": "Визуальный", "technical_depth": "12"}
# Label, width and number of a row.
BAR = re.compile(
    r'<th scope="row">([^<]+?)\s*<.*?<rect class="cluster-value" width="([\d.]+)".*?>([\d.]+)</span>',
    re.DOTALL,
)
QUIZ = "user_identifier,lesson,score,created_at\n"


def address(model: str, page: str = "changelist", *key: Any) -> str:
    return reverse(f"admin:personalization_{model}_{page}", args=key)


def learner_page(learner: Profile) -> str:
    return address("profile", "change", learner.pk)


@pytest.fixture
def course(db: None) -> Course:
    course = make_course("neck", language="en")
    make_lesson(course, 1)
    return course


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def shown(html: str) -> str:
    """The page's words, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# --- why this cluster ---


def test_the_learners_page_tells_why(admin: Client, course: Course) -> None:
    learner = make_learner(course=course, survey=BASIC)
    lesson = course.lessons.get()
    make_quiz(learner, lesson, 90)
    make_quiz(learner, lesson, 100)
    for issue in ("too_technical", "too_basic", "too_technical"):
        make_feedback(learner, lesson, issue)
    recalculate(profiles=[learner.pk])
    html = admin.get(learner_page(learner)).content.decode()
    words = shown(html)
    assert "By what is known today: balanced ." in words
    assert "Answer: visual." in words
    assert "Answer: 12 of 100." in words
    assert "Mean of the last 2: 95 of 100." in words
    assert "Of the last 3: too technical 2, too basic 1, good as it is 0." in words
    assert "Nothing: the texts are written as for everybody." in words
    assert "Calculated last:" in words


def test_each_cluster_and_factor_has_a_bar_and_a_number_to_read(admin: Client, course: Course) -> None:
    learner = make_learner(course=course, survey=BASIC)
    html = admin.get(learner_page(learner)).content.decode()
    rows = BAR.findall(html)
    scores = {label: (width, number) for label, width, number in rows[:7]}
    assert len(rows) == 7 + 3 + 2 + 2 + 2
    assert scores["visual, basic"] == ("66.0", "0.66")
    assert scores["balanced"] == ("63.0", "0.63")
    assert html.count("(chosen)") == 1
    assert html.count('aria-hidden="true" focusable="false"') == len(rows)
    assert "Put first what can be seen" in html


def test_widths_are_no_words_of_a_language(admin: Client, course: Course) -> None:
    learner = make_learner(course=course, survey=BASIC)
    with translation.override("ru"):
        html = admin.get(learner_page(learner), headers={"accept-language": "ru"}).content.decode()
    assert 'width="66.0"' in html
    assert ">0,66<" in html


@pytest.mark.parametrize(
    ("survey", "style", "depth"),
    [
        (None, "Not answered.", "Not answered."),
        ({"learning_style": "", "technical_depth": None}, "Not answered.", "Not answered."),
        (
            {"learning_style": "<script>", "technical_depth": "NaN"},
            "names no style that is known here",
            "is not a number from 0 to 100",
        ),
        ({"learning_style": {}, "technical_depth": 1000}, "names no style", "is not a number from 0 to 100"),
    ],
)
def test_what_cannot_be_read_is_said_to_be_so(
    admin: Client, course: Course, survey: Any, style: str, depth: str
) -> None:
    page = admin.get(learner_page(make_learner(course=course, survey=survey)))
    said = {factor.title: factor.said for factor in page.context["why"].factors}
    assert style in said["Learning style"]
    assert depth in said["Technical depth"]
    assert said["Quiz results"] == said["Feedback"] == "None yet."


def test_the_page_says_when_the_cluster_will_change(admin: Client, course: Course) -> None:
    learner = make_learner(course=course, survey=BASIC)
    assert (
        "It has not been calculated yet: the next run does it."
        in admin.get(learner_page(learner)).content.decode()
    )
    make_cluster(learner, "theoretical_advanced")
    said = shown(admin.get(learner_page(learner)).content.decode())
    assert "with the result theoretical, advanced: the next run calculates it again." in said
    assert UserCluster.objects.get().cluster_type == "theoretical_advanced"  # looking changes nothing


def test_a_learner_of_an_unknown_course_has_the_page_too(admin: Client) -> None:
    learner = make_learner(survey=BASIC)
    Profile.objects.update(course_id="not-here-yet")
    assert "Why this cluster" in admin.get(learner_page(learner)).content.decode()


def test_a_list_shows_a_learner_of_an_unknown_course(admin: Client) -> None:
    make_cluster(make_learner("u-7"))
    Profile.objects.update(course_id="not-here-yet")
    assert "u-7" in admin.get(address("usercluster")).content.decode()


@pytest.mark.parametrize(("rating", "found"), [("4", 1), ("1", 0), ("x", 2), ("9", 2)])
def test_feedback_by_its_rating(admin: Client, course: Course, rating: str, found: int) -> None:
    for given in (4, 5):
        make_feedback(make_learner(), course.lessons.get(), rating=given)
    assert admin.get(address("lessonfeedback"), {"rating": rating}).context["cl"].result_count == found


def test_the_clusters_page_shows_the_same(admin: Client, course: Course) -> None:
    row = make_cluster(make_learner(course=course, survey=BASIC))
    words = shown(admin.get(address("usercluster", "change", row.pk)).content.decode())
    assert "By what is known today: visual, basic ." in words


# --- lists and pages ---


def test_a_refined_prompt_is_shown_as_text(admin: Client, course: Course) -> None:
    run = make_run()
    row = make_refinement(make_learner(course=course), session_id=run.pk, refined_prompt="<b>basic</b>")
    html = admin.get(address("promptrefinement", "change", row.pk)).content.decode()
    assert "&lt;b&gt;basic&lt;/b&gt;" in html
    assert str(run) in html
    other = make_refinement(make_learner())  # of an older system: its session was no run of ours
    assert (
        str(other.session_id) in admin.get(address("promptrefinement", "change", other.pk)).content.decode()
    )


@pytest.mark.parametrize("model", ABOUT)
def test_an_empty_list_says_where_rows_come_from(admin: Client, model: str) -> None:
    assert "lightbulb" in admin.get(address(model)).content.decode()


def test_the_newest_come_first(admin: Client, course: Course) -> None:
    learner, lesson, now = make_learner(course=course), course.lessons.get(), timezone.now()
    for ago in (2, 0, 1):
        make_feedback(learner, lesson, rating=5 - ago, created_at=now - timedelta(days=ago))
    rows = admin.get(address("lessonfeedback")).context["cl"].result_list
    assert [row.rating for row in rows] == [5, 4, 3]


@pytest.mark.parametrize("model", ABOUT)
def test_only_who_may_see_learners_sees_what_is_kept_about_them(
    client: Client, course: Course, model: str
) -> None:
    seeing = f"personalization.view_{model}"
    client.force_login(make_staff("half", [seeing]))
    assert client.get(address(model)).status_code == 403
    client.force_login(make_staff("whole", [seeing, "personalization.view_profile"]))
    assert client.get(address(model)).status_code == 200


def test_why_is_told_to_who_may_see_clusters(client: Client, course: Course) -> None:
    client.force_login(make_staff(permissions=["personalization.view_profile"]))
    assert "Why this cluster" not in client.get(learner_page(make_learner())).content.decode()


def test_who_deletes_feedback_changes_the_cluster(admin: Client, course: Course) -> None:
    learner = make_learner(course=course, survey=None)
    rows = [make_feedback(learner, course.lessons.get(), "too_basic") for _ in range(2)]
    recalculate(profiles=[learner.pk])
    admin.post(address("lessonfeedback", "delete", rows[0].pk), {"post": "yes"})
    assert UserCluster.objects.get().cluster_type == "balanced"
    assert LessonFeedback.objects.count() == 1


# --- upload ---


def upload(client: Client, text: str, model: str = "quizresult", **data: str) -> Any:
    file = SimpleUploadedFile("quiz.csv", text.encode())
    return client.post(address(model, "upload"), {"file": file, **data}, follow=True)


def test_a_file_is_checked_and_then_imported(admin: Client, course: Course) -> None:
    make_learner("u-1", course, survey=None)
    text = f"{QUIZ}u-1,1,95,2026-11-01\n"
    checked = upload(admin, text).content.decode()
    assert "The file is in order, and nothing has been written yet. New: 1." in checked
    assert not QuizResult.objects.exists()
    done = upload(admin, text, start="1").content.decode()
    assert "New: 1. Corrected: 0. Known already: 0. 1 learner moves to another cluster" in done
    assert QuizResult.objects.count() == 1


def test_a_file_that_is_wrong_is_refused_with_all_its_lines(admin: Client, course: Course) -> None:
    make_learner("u-1", course)
    html = upload(admin, f"{QUIZ}u-1,1,200,2026-11-01\nu-1,9,50,2026-11-01\n", start="1").content.decode()
    assert "line 2, score" in html
    assert "line 3, lesson" in html
    assert not QuizResult.objects.exists()


def test_a_form_without_a_file_asks_for_one(admin: Client) -> None:
    assert "This field is required." in admin.post(address("quizresult", "upload")).content.decode()
    assert "is empty: its first line" in upload(admin, "").content.decode()


@pytest.mark.parametrize("model", ["lessonfeedback", "quizresult"])
def test_only_who_may_add_them_uploads(client: Client, db: None, model: str) -> None:
    seeing = [f"personalization.view_{model}", "personalization.view_profile"]
    client.force_login(make_staff("reader", seeing))
    assert "upload/" not in client.get(address(model)).content.decode()
    assert client.get(address(model, "upload")).status_code == 403
    client.force_login(make_staff("writer", [*seeing, f"personalization.add_{model}"]))
    assert "upload/" in client.get(address(model)).content.decode()
    assert client.get(address(model, "upload")).status_code == 200
