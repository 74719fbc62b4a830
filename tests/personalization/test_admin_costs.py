"""The page of costs, and the totals on the pages of learners and courses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from personalization.admin.charts import Bar, drawn
from personalization.models import GenerationItem
from tests.builders import (
    make_call,
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
)

COSTS = reverse("admin:personalization_modelcall_costs")


def made_item(slug: str = "shvz", title: str = "Массаж шеи", **run: Any) -> GenerationItem:
    lesson = make_lesson(make_course(slug, title=title))
    return make_item(make_run(**run), make_learner(course=lesson.course), lesson, state="done")


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_this_months_costs_by_course_model_and_run(admin: Client) -> None:
    item = made_item(calls=2, spent_micro=3_250_000, estimate_micro=4_000_000, budget_micro=5_000_000)
    make_call(item, actual_micro=2_250_000, input_tokens=2_000, cached_tokens=1_500)
    make_call(item, actual_micro=1_000_000, state="bad", model="other", input_tokens=2_000)
    page: Any = admin.get(COSTS)
    html = page.content.decode()
    assert [(name, row["micro"], row["unused"]) for name, _, row in page.context["courses"]] == [
        ("Массаж шеи", "3.25 USD", "1")
    ]
    assert [(name, row["micro"]) for name, row in page.context["models"]] == [
        ("gpt-4.1-mini", "2.25 USD"),
        ("other", "1.00 USD"),
    ]
    [run] = page.context["runs"]
    assert (run["spent"], run["estimate"], run["budget"]) == ("3.25 USD", "4.00 USD", "5.00 USD")
    assert f'?run={item.run_id}"' in html
    assert ("37 %", "of the input from the provider's cache") in page.context["figures"]
    assert ("3.25 USD", "for a text, on average") in page.context["figures"]


def test_another_month_is_chosen_by_its_bar(admin: Client) -> None:
    make_call(made_item(), actual_micro=7_000_000, finished_at=datetime(2025, 3, 9, tzinfo=UTC))
    page: Any = admin.get(COSTS, {"month": "2025-03"})
    assert page.context["days"][8].bar.words == "March 9, 2025: 7.00 USD, 1 call"
    assert [drawn.bar.words for drawn in page.context["months"] if drawn.bar.chosen] == [
        "March 2025: 7.00 USD, 1 call"
    ]
    assert page.context["figures"][0] == ("7.00 USD", "March 2025")


@pytest.mark.parametrize("month", ["", "x", "2026-13", "2026-1", "9999-12", "0001-01", "2026-11-01", "\0"])
def test_a_month_that_is_none_shows_a_page_all_the_same(admin: Client, month: str) -> None:
    assert admin.get(COSTS, {"month": month}).status_code == 200


def test_one_course_alone(admin: Client) -> None:
    make_call(made_item("shvz"), actual_micro=1_000_000)
    make_call(made_item("sleep", "Сон"), actual_micro=2_000_000)
    page: Any = admin.get(COSTS, {"course": "sleep"})
    assert page.context["title"] == "Costs of Сон"
    assert page.context["spent"]["micro"] == "2.00 USD"
    assert "Costs of all courses" in page.content.decode()
    assert admin.get(COSTS, {"course": "nowhere"}).context["spent"]["micro"] == "3.00 USD"


def test_where_the_money_of_deleted_courses_went_is_said(admin: Client) -> None:
    item = made_item()
    make_call(item)
    make_call(None)
    item.lesson.course.delete()
    names = {name for name, _, _ in admin.get(COSTS).context["courses"]}
    assert names == {"a deleted course", "deleted learners or lessons"}


def test_before_the_first_call_the_page_says_so(admin: Client) -> None:
    assert "Nothing has been spent yet" in admin.get(COSTS).content.decode()


def test_a_model_without_a_price_is_told_where_a_key_is_set(admin: Client, settings: Settings) -> None:
    settings.OPENAI_MODEL = "mystery"
    assert "mystery" not in admin.get(COSTS).content.decode()
    settings.OPENAI_API_KEY = "never-shown"
    html = admin.get(COSTS).content.decode()
    assert "“mystery” has no price" in html
    assert "never-shown" not in html


def test_names_are_no_markup(admin: Client, settings: Settings) -> None:
    settings.MODEL_PRICES = {**settings.MODEL_PRICES, "source": "<script>1</script>"}
    make_call(made_item(title="<script>2</script>"), model="<script>3</script>")
    assert "<script>1" not in (html := admin.get(COSTS).content.decode())
    assert "<script>2" not in html
    assert "<script>3" not in html
    assert "&lt;script&gt;3" in html


def test_who_sees_runs_sees_costs(client: Client, db: None) -> None:
    client.force_login(make_staff("viewer", permissions=["personalization.view_generationrun"]))
    assert client.get(COSTS).status_code == 200
    assert COSTS in client.get(reverse("admin:index")).content.decode()
    client.force_login(make_staff("editor", permissions=["courses.view_course"]))
    assert client.get(COSTS).status_code == 403
    assert COSTS not in client.get(reverse("admin:index")).content.decode()


# --- totals elsewhere ---


def test_a_learners_page_says_what_their_texts_cost(client: Client, db: None) -> None:
    item = made_item()
    make_call(item, actual_micro=40_000)
    page = reverse("admin:personalization_profile_change", args=[item.profile_id])
    rights = ["personalization.view_profile"]
    client.force_login(make_staff("reader", permissions=rights))
    assert "have cost" not in client.get(page).content.decode()
    client.force_login(make_staff("viewer", permissions=[*rights, "personalization.view_generationrun"]))
    html = client.get(page).content.decode()
    assert "for lessons that still exist have cost 0.0400 USD so far" in html
    assert f"?learner={item.profile_id}" in html


def test_a_courses_page_says_what_its_texts_cost(client: Client, db: None) -> None:
    item = made_item()
    make_call(item, actual_micro=40_000)
    page = reverse("admin:courses_course_change", args=[item.lesson.course_id])
    rights = ["courses.view_course"]
    client.force_login(make_staff("reader", permissions=rights))
    assert "Costs so far" not in client.get(page).content.decode()
    client.force_login(make_staff("viewer", permissions=[*rights, "personalization.view_generationrun"]))
    html = client.get(page).content.decode()
    assert "Costs so far: 0.0400 USD" in html
    assert f"{COSTS}?course=shvz" in html


def test_pages_without_calls_are_quiet(admin: Client) -> None:
    item = made_item()
    learner = reverse("admin:personalization_profile_change", args=[item.profile_id])
    course = reverse("admin:courses_course_change", args=[item.lesson.course_id])
    assert "have cost" not in admin.get(learner).content.decode()
    assert "Costs so far" not in admin.get(course).content.decode()


# --- bars ---


def test_bars_are_as_high_as_their_share_and_never_unseen() -> None:
    bars = drawn([Bar(value, "", "") for value in (0, 1, 500_000, 1_000_000)])
    assert [bar.height for bar in bars] == [0, 10, 500, 1_000]
    assert [bar.top + bar.height for bar in bars] == [1_000] * 4


def test_without_a_value_there_is_no_bar() -> None:
    assert drawn([]) == []
    assert drawn([Bar(0, "", "")])[0].height == 0


@pytest.mark.parametrize("slug", ["nonsense", "%00", "a%00b"])
def test_a_course_that_is_none_is_not_taken_for_all_courses(admin: Client, slug: str) -> None:
    assert "There is no such course" in admin.get(f"{COSTS}?course={slug}").content.decode()
