"""The page on which a pilot is looked at: three texts side by side, hints, accept or throw away."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from personalization.admin.runs.pilot_marks import marks, word_count
from personalization.models import GenerationItem, GenerationRun, Pilot, RunState
from tests.builders import (
    PERSONAL_TEXT,
    make_call,
    make_course,
    make_description,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
    make_text,
)
from tests.personalization.test_admin_runs import RIGHTS, url

DRAFT = {**PERSONAL_TEXT, "summary_short": "Нина, это новый черновик для вас."}
MAY_READ = [*RIGHTS, "personalization.view_personalizedlessondescription"]


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def run(db: None) -> GenerationRun:
    return make_run(pilot="waiting", course=make_course(title="Neck", language="en"))


def draft(run: GenerationRun, identifier: str = "u-1", **fields: Any) -> GenerationItem:
    """A text of the pilot that was written, for a lesson with a standard description."""
    lesson = fields.pop("lesson", None) or make_lesson(run.course, run.items.count() + 1)
    if not hasattr(lesson, "description"):
        make_description(lesson)
    learner = make_learner(identifier, course=run.course)
    item = make_item(run, learner, lesson, state="held", error_code="pilot", priority=1)
    make_call(item, answer=fields.get("answer", DRAFT))
    return item


def page(client: Client, run: GenerationRun) -> str:
    return " ".join(client.get(url(run, "pilot")).content.decode().split())


def test_three_texts_stand_beside_each_other(admin: Client, run: GenerationRun) -> None:
    item = draft(run)
    make_text(
        item.learner, item.lesson, {**PERSONAL_TEXT, "why_watch": "Old <b>reason</b>."}, origin="simple"
    )
    html = page(admin, run)
    places = [html.index(text) for text in ("Урок о первом прикосновении", "Old &lt;b&gt;", "новый черновик")]
    assert places == sorted(places)
    assert "Нина (u-1)" in html
    assert "Помочь мужу" in html, "what the learner answered"
    assert "simple writer" in html
    assert "% against now" in html


def test_what_it_cost_stands_beside_what_was_expected_and_allowed(admin: Client, run: GenerationRun) -> None:
    draft(run)
    GenerationRun.objects.update(spent_micro=2_345, estimate_micro=187_000, budget_micro=500_000)
    html = page(admin, run)
    for figure, amount in (
        ("Spent", "0.0023"),
        ("Estimated before the start", "0.1870"),
        ("Budget", "0.5000"),
    ):
        assert f"<dt>{figure}</dt><dd>" in html
        assert f"{amount} USD" in html


def test_what_is_not_there_is_said(admin: Client, run: GenerationRun) -> None:
    draft(run)
    run.items.get().lesson.description.delete()
    assert page(admin, run).count("None yet.") == 2


@pytest.mark.parametrize("count", [1, 50])
def test_every_draft_has_a_heading_and_a_place_in_the_contents(
    admin: Client, run: GenerationRun, count: int
) -> None:
    lesson = make_lesson(run.course)
    for number in range(count):
        draft(run, f"u-{number}", lesson=lesson)
    html = page(admin, run)
    assert html.count("<article") == count
    assert html.count('class="pilot-pane ') == 3 * count
    assert html.count('href="#text-1"') == (count > 1)
    assert f'id="text-{count}-heading"' in html


def test_the_page_asks_the_database_no_more_for_more_drafts(
    admin: Client, run: GenerationRun, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        draft(run, f"u-{number}")
    admin.get(url(run, "pilot"))
    with django_assert_max_num_queries(22):
        admin.get(url(run, "pilot"))


def test_accepting_goes_on(admin: Client, run: GenerationRun) -> None:
    item = draft(run)
    make_item(run, item.profile, make_lesson(run.course, 9))
    html = page(admin, run)
    assert "Accept: 1 draft is published" in html
    assert "1 more text is written." in html
    answer = admin.post(url(run, "command"), {"command": "accept"})
    assert answer.headers["Location"] == url(run, "change")
    run.refresh_from_db()
    item.refresh_from_db()
    assert (run.pilot, item.state) == (Pilot.ACCEPTED, "queued")


def test_throwing_away_asks_and_leaves_every_text(admin: Client, run: GenerationRun) -> None:
    item = draft(run)
    text = make_text(item.learner, item.lesson)
    question = reverse("admin:personalization_generationrun_question", args=[run.pk, "throw_away"])
    assert question in page(admin, run)
    assert "Every learner keeps the text" in admin.get(question).content.decode()
    admin.post(url(run, "command"), {"command": "throw_away"})
    run.refresh_from_db()
    text.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert text.content == PERSONAL_TEXT


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (
            "throw_away",
            "No draft is published, and the run&#x27;s other descriptions are not written: 1 in all.",
        ),
        ("cancel", "0 descriptions are written and stay. 1 will not be written"),
    ],
)
def test_of_a_pilot_of_descriptions_nothing_is_said_of_learners(
    admin: Client, command: str, asked: str
) -> None:
    run = make_run(pilot="waiting", kind="templates")
    make_item(run, None, make_lesson(), state="held", error_code="pilot", priority=1)
    question = reverse("admin:personalization_generationrun_question", args=[run.pk, command])
    html = admin.get(question).content.decode()
    assert asked in html.replace("run's", "run&#x27;s")
    told = admin.post(url(run, "command"), {"command": command}, follow=True).content.decode()
    assert ("The lessons keep what they have." in told) is (command == "throw_away")
    for shown in (html, told):
        assert "Every learner keeps" not in shown
        assert "what the learners have now" not in shown


def test_what_of_the_pilot_has_no_draft_is_listed_with_why(admin: Client, run: GenerationRun) -> None:
    item = draft(run)
    lessons = [make_lesson(run.course, number) for number in (7, 8)]
    make_item(run, item.profile, lessons[0], state="failed", error_code="refusal", priority=1)
    make_item(run, item.profile, lessons[1])
    html = page(admin, run)
    assert "1 text of the pilot has no draft" in html
    assert "the model refused to answer" in html
    assert "8. Урок 8" not in html


def test_a_pilot_of_which_nothing_was_written_is_told_of_and_decided_on(
    admin: Client, run: GenerationRun
) -> None:
    lesson = make_lesson(run.course)
    make_item(run, make_learner(course=run.course), lesson, state="unchanged", priority=1)
    make_item(run, make_learner(course=run.course), lesson)
    shown = admin.get(url(run, "change")).content.decode()
    assert "no draft to look at" in shown
    assert "wait for a look" not in shown
    assert url(run, "pilot") in shown
    assert "Go on without a look" in page(admin, run)
    told = admin.post(url(run, "command"), {"command": "accept"}, follow=True).content.decode()
    assert "The run goes on without a look: nothing of the pilot was written." in told
    assert "published" not in told
    run.refresh_from_db()
    assert run.pilot == Pilot.ACCEPTED


def test_while_it_is_written_what_is_ready_can_be_looked_at(admin: Client, run: GenerationRun) -> None:
    draft(run)
    GenerationRun.objects.filter(pk=run.pk).update(pilot="writing")
    html = page(admin, run)
    assert "still being written" in html
    assert "<article" in html
    run_page = " ".join(admin.get(url(run, "progress")).content.decode().split())
    assert "Look at the 1 that is ready" in run_page


@pytest.mark.parametrize(
    "fields", [{"pilot": "accepted"}, {"pilot": ""}, {"state": "cancelled"}, {"state": "closed"}]
)
def test_a_pilot_that_was_decided_on_leads_back(
    admin: Client, run: GenerationRun, fields: dict[str, str]
) -> None:
    GenerationRun.objects.filter(pk=run.pk).update(**fields)
    assert admin.get(url(run, "pilot")).headers["Location"] == url(run, "change")


def test_the_runs_page_leads_to_the_pilot(admin: Client, run: GenerationRun) -> None:
    draft(run)
    html = " ".join(admin.get(url(run, "progress")).content.decode().split())
    assert "The pilot is written: 1 text waits for a look." in html
    assert f'href="{url(run, "pilot")}"' in html


def test_who_may_only_read_decides_nothing(client: Client, run: GenerationRun) -> None:
    draft(run)
    client.force_login(make_staff("reader", permissions=MAY_READ))
    html = page(client, run)
    assert "<article" in html
    assert 'value="accept"' not in html
    assert client.post(url(run, "command"), {"command": "accept"}).status_code == 403


def test_who_may_not_see_learners_sees_the_numbers_of_items(client: Client, run: GenerationRun) -> None:
    lesson = make_lesson(run.course)
    items = [draft(run, name, lesson=lesson) for name in ("u-anna", "u-boris")]
    failed = make_learner("u-clara", course=run.course)
    items.append(make_item(run, failed, lesson, state="failed", error_code="refusal", priority=1))
    client.force_login(make_staff("reader", permissions=MAY_READ))
    html = page(client, run)
    assert f"is word for word that of item {items[1].pk}." in html
    for item in items:
        assert f"item {item.pk}" in html
        assert item.learner.user_identifier not in html
        assert str(item.learner.pk) not in html
    assert "Помочь мужу" not in html, "what they answered"
    assert "Нина (" not in html
    client.force_login(make_staff("trusted", permissions=[*MAY_READ, "personalization.view_profile"]))
    trusted = page(client, run)
    for shown in ("u-anna", "u-boris", "u-clara", "Помочь мужу"):
        assert shown in trusted


@pytest.mark.parametrize("permissions", [RIGHTS, MAY_READ[1:]])
def test_texts_are_shown_to_those_only_who_may_read_them(
    client: Client, run: GenerationRun, permissions: list[str]
) -> None:
    draft(run)
    client.force_login(make_staff(permissions=permissions))
    assert client.get(url(run, "pilot")).status_code == 403


def test_a_draft_without_anything_strange_has_no_hint() -> None:
    other = {**DRAFT, "summary_short": "Олег, здравствуйте."}
    assert marks({"summary_short": "Нина, добрый день."}, None, "Нина", [("u-2", other)]) == []


@pytest.mark.parametrize(
    ("draft", "old", "name", "others", "said"),
    [
        ({"a": "x y z"}, {"a": "x y z"}, None, [], "word for word the text"),
        ({"a": "x y"}, {"a": "x y z u v"}, None, [], "much shorter"),
        ({"a": "Добрый день"}, None, "Нина", [], "name is not in it"),
        (
            {"why_watch": "one two three four five six"},
            None,
            None,
            [("u-2", {"why_watch": "one two three four five six"})],
            "“Why this lesson is for you” is word for word that of u-2.",
        ),
    ],
)
def test_hints(draft: Any, old: Any, name: str | None, others: Any, said: str) -> None:
    (hint,) = marks(draft, old, name, others)
    assert said in hint


def test_words_are_counted_in_every_part_of_a_text() -> None:
    assert word_count({"a": "one two", "b": ["three", {"c": "four five"}], "d": None}) == 5


def test_drafts_that_wait_for_money_are_listed_with_what_they_wait_for(
    admin: Client, run: GenerationRun
) -> None:
    draft(run)
    lesson = make_lesson(run.course, 9)
    waiting = make_learner("u-poor", course=run.course)
    make_item(run, waiting, lesson, state="held", error_code="budget", priority=1)
    html = page(admin, run)
    assert "Waiting for money: 1." in html
    assert "u-poor" in html
    assert "what is left of the run&#x27;s budget is not enough for it" in html
