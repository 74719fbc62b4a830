"""The action “Regenerate personalizations”: what it says before it starts, and what it starts."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course
from personalization.models import GenerationItem, GenerationRun, Profile
from tests.builders import (
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
    make_text,
)

LIST = reverse("admin:personalization_profile_changelist")

START = {"backend": "simple", "token": "t", "start": "1"}


def ask(client: Client, learners: list[Profile], query: str = "", **choices: str) -> Any:
    """The action on the learners; with `token` among the choices it is the page's form that is sent."""
    data: dict[str, Any] = {"action": "regenerate", "index": "0", "select_across": "0"}
    selected = {"_selected_action": [str(learner.pk) for learner in learners]}
    return client.post(LIST + query, {**data, **selected, **choices})


def verdicts(page: Any) -> dict[str, int]:
    return {code: count for code, _, count in page.context["verdicts"]}


@pytest.fixture
def course(db: None) -> Course:
    course = make_course("neck")
    for number in (1, 2, 3):
        make_lesson(course, number)
    return course


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_the_page_counts_what_it_would_do_and_starts_nothing(admin: Client, course: Course) -> None:
    learner, silent = make_learner(course=course), make_learner(course=course, survey={})
    make_text(learner, course.lessons.get(lesson_number=1), edited_at="2026-01-02T03:04Z")
    page = ask(admin, [learner, silent])
    assert (page.context["plan"].learners, page.context["plan"].lessons) == (2, 3)
    assert verdicts(page) == {"write": 2, "locked": 1, "no_survey": 3}
    assert "Start: write 2 texts" in page.content.decode()
    assert not GenerationRun.objects.exists()


def test_without_a_key_the_page_says_so_and_offers_no_model(admin: Client, course: Course) -> None:
    page = ask(admin, [make_learner(course=course)])
    assert "OPENAI_API_KEY" in page.content.decode()
    assert "No model key is set.</span>" in page.content.decode()
    assert "choose “simple”" not in page.content.decode()
    assert [(choice.value, bool(choice.problem), choice.chosen) for choice in page.context["choices"]] == [
        ("openai", True, False),
        ("simple", False, True),
    ]


def test_with_a_key_the_model_is_chosen(admin: Client, course: Course, settings: Any) -> None:
    settings.OPENAI_API_KEY = "never-shown"
    page = ask(admin, [make_learner(course=course)])
    assert [choice.value for choice in page.context["choices"] if choice.chosen] == ["openai"]
    assert "never-shown" not in page.content.decode()


def test_start_opens_the_run(admin: Client, course: Course) -> None:
    learner = make_learner(course=course)
    answer = ask(admin, [learner], backend="simple", lessons="1, 3", force="on", token="t", start="1")
    run = GenerationRun.objects.get()
    assert answer.headers["Location"] == reverse("admin:personalization_generationrun_change", args=[run.pk])
    assert (run.backend, run.options.get("force"), str(run.requested_by)) == ("simple", True, "admin")
    assert list(run.items.order_by("pk").values_list("lesson__lesson_number", flat=True)) == [1, 3]


def test_the_message_counts_what_the_run_holds(admin: Client, course: Course) -> None:
    answer = ask(admin, [make_learner(course=course), make_learner(survey={}, course=course)], **START)
    page = admin.get(answer.headers["Location"]).content.decode()
    assert "The run has started: 6 texts to look at." in page


def test_the_page_leads_back_to_the_learners(admin: Client, course: Course) -> None:
    heading = ask(admin, [make_learner(course=course)]).content.decode().split("<h1")[1].split("</h1>")[0]
    assert f'href="{LIST}"' in heading
    assert heading.index("Learners") < heading.index("Regenerate personalizations")


@pytest.mark.parametrize("key", ["x", "x\0", ""])
def test_a_selected_row_that_is_none_is_refused(admin: Client, course: Course, key: str) -> None:
    learner = Profile(pk=key)
    assert ask(admin, [learner], **START).headers["Location"] == LIST
    assert "Nothing was done" in admin.get(LIST).content.decode()
    assert not GenerationRun.objects.exists()


# --- cost and budget ---


@pytest.fixture
def key(settings: Any) -> None:
    settings.OPENAI_API_KEY = "never-shown"


@pytest.mark.usefixtures("key")
def test_the_page_says_what_it_will_cost(admin: Client, course: Course) -> None:
    page = ask(admin, [make_learner(course=course)])
    assert "Estimated cost:" in page.context["cost_lines"][0]
    assert "No earlier call of" in page.content.decode()
    assert "Budget in USD (optional)" in page.content.decode()


def test_the_simple_writer_costs_nothing(admin: Client, course: Course) -> None:
    page = ask(admin, [make_learner(course=course)], backend="simple", token="t", budget="0.01")
    assert page.context["cost_lines"] == []
    assert page.context["budget_warning"] == ""


@pytest.mark.usefixtures("key")
def test_the_run_gets_its_budget_and_the_estimate(admin: Client, course: Course) -> None:
    learner = make_learner(course=course)
    ask(admin, [learner], backend="openai", token="t", budget="12,50", start="1")
    run = GenerationRun.objects.get()
    assert run.budget_micro == 12_500_000
    assert (run.estimate_micro or 0) > 0


@pytest.mark.usefixtures("key")
def test_an_empty_budget_is_no_limit(admin: Client, course: Course) -> None:
    ask(admin, [make_learner(course=course)], backend="openai", token="t", budget=" ", start="1")
    assert GenerationRun.objects.get().budget_micro is None


@pytest.mark.usefixtures("key")
def test_a_budget_below_the_estimate_is_warned_of_and_starts_all_the_same(
    admin: Client, course: Course
) -> None:
    learner = make_learner(course=course)
    page = ask(admin, [learner], backend="openai", token="t", budget="0.000001")
    assert "is below the estimate" in page.context["budget_warning"]
    assert page.context["budget_warning"] in page.content.decode()
    ask(admin, [learner], backend="openai", token="t", budget="0.000001", start="1")
    assert GenerationRun.objects.get().budget_micro == 1


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("budget", ["0", "-1", "much", "1e9", "<b>"])
def test_a_budget_that_is_none_is_refused(admin: Client, course: Course, budget: str) -> None:
    page = ask(admin, [make_learner(course=course)], backend="openai", token="t", budget=budget, start="1")
    assert "Write an amount above 0 in USD" in page.content.decode()
    assert "<b>" not in page.content.decode()
    assert not GenerationRun.objects.exists()


@pytest.mark.usefixtures("key")
def test_a_budget_needs_a_price(admin: Client, course: Course, settings: Any) -> None:
    settings.OPENAI_MODEL = "mystery"
    learner = make_learner(course=course)
    page = ask(admin, [learner], backend="openai", token="t", budget="5", start="1")
    assert "“mystery” has no price, so that a budget could not be kept" in page.content.decode()
    assert not GenerationRun.objects.exists()
    ask(admin, [learner], backend="openai", token="t", start="1")
    assert GenerationRun.objects.get().estimate_micro == 0


def test_a_second_click_finds_the_same_run(admin: Client, course: Course) -> None:
    learner = make_learner(course=course)
    answers = [ask(admin, [learner], backend="simple", token="t", start="1") for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert GenerationItem.objects.count() == 3


def test_choices_change_the_counts_without_starting(admin: Client, course: Course) -> None:
    page = ask(admin, [make_learner(course=course)], backend="simple", lessons="2-3", token="t")
    assert verdicts(page) == {"write": 2}
    assert page.context["token"] == "t"
    assert not GenerationRun.objects.exists()


def test_some_texts_can_be_looked_at_first(admin: Client, course: Course) -> None:
    ask(admin, [make_learner(course=course)], **START, pilot=" 2 ")
    run = GenerationRun.objects.get()
    assert run.pilot == "writing"
    assert run.items.filter(priority=1).count() == 2


@pytest.mark.parametrize("pilot", ["0", "-1", "51", "two", "1.5", "²"])
def test_a_pilot_that_nobody_could_read_is_refused(admin: Client, course: Course, pilot: str) -> None:
    page = ask(admin, [make_learner(course=course)], **START, pilot=pilot)
    assert "Write how many texts to look at first, 1 to 50" in page.content.decode()
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize("lessons", ["x", "3-1", "-1"])
def test_lesson_numbers_that_are_none_are_refused(admin: Client, course: Course, lessons: str) -> None:
    page = ask(admin, [make_learner(course=course)], backend="simple", lessons=lessons, token="t", start="1")
    assert "Write numbers like: 1, 3-5." in page.content.decode()
    assert not GenerationRun.objects.exists()


def test_a_backend_without_a_key_cannot_be_forced(admin: Client, course: Course) -> None:
    page = ask(admin, [make_learner(course=course)], backend="openai", token="t", start="1")
    assert "No model key is set." in page.content.decode()
    assert not GenerationRun.objects.exists()


def test_learners_without_lessons_start_nothing(admin: Client, db: None) -> None:
    page = ask(admin, [make_learner()], backend="simple", token="t", start="1")
    assert "Nothing to write" in page.content.decode()
    assert not GenerationRun.objects.exists()


def test_what_is_being_written_already_is_said(admin: Client, course: Course) -> None:
    learner = make_learner(course=course)
    make_item(make_run(), learner, course.lessons.get(lesson_number=1), state="running")
    page = ask(admin, [learner])
    assert page.context["plan"].being_written == 1
    assert "being written already by another run" in page.content.decode()


def test_all_pages_of_a_filtered_list_can_be_selected(admin: Client, course: Course) -> None:
    learners = [make_learner(course=course) for _ in range(60)]
    make_learner(course=make_lesson().course)
    page = ask(admin, learners[:1], query="?course=neck", select_across="1")
    assert page.context["selected"] == 60
    assert 'action="/admin/personalization/profile/?course=neck"' in page.content.decode()
    chosen = {"select_across": "1", "backend": "simple", "token": "t", "start": "1"}
    ask(admin, learners[:1], query="?course=neck", **chosen)
    assert GenerationItem.objects.count() == 180


def test_only_who_may_run_generation_gets_the_action(client: Client, course: Course) -> None:
    learner = make_learner(course=course)
    rights = ["personalization.view_profile", "personalization.change_profile"]
    client.force_login(make_staff("editor", permissions=rights))
    assert "Regenerate" not in client.get(LIST).content.decode()
    ask(client, [learner], backend="simple", token="t", start="1")
    assert not GenerationRun.objects.exists()
    client.force_login(make_staff("operator", permissions=[*rights, "personalization.run_generation"]))
    assert "Regenerate" in client.get(LIST).content.decode()
    ask(client, [learner], backend="simple", token="t", start="1")
    assert GenerationRun.objects.count() == 1
