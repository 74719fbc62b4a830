"""The history pages: versions listed, compared and brought back, and what was deleted."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.history.reason import because
from courses.models import Change, Lesson, LessonDescription
from courses.services.history.deleted import bring_back_deleted
from courses.services.history.versions import versions
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from tests.builders import (
    DESCRIPTION,
    make_asset,
    make_course,
    make_description,
    make_learner,
    make_lesson,
    make_staff,
    make_superuser,
    make_text,
)
from tests.locks import deadlock


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def page(row: Any, name: str = "history", *more: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk, *more])


def changed_lesson() -> Lesson:
    with because(command="one"):
        lesson = make_lesson(title="Old title")
        make_description(lesson)
    with because(store=["shvz"], command="import_lessons"):
        Lesson.objects.update(title="New title", transcript="<script>alert(1)</script>")
        LessonDescription.objects.update(
            data={**DESCRIPTION, "key_points": ["Тёплые руки", "Сильный нажим", "Пауза"]}
        )
    with because(user=987_654):
        make_asset(lesson)
    return lesson


def html_of(response: Any) -> str:
    text: str = response.content.decode()
    return " ".join(text.split())


def test_versions_are_listed_with_who_why_and_what(admin: Client) -> None:
    html = html_of(admin.get(page(changed_lesson())))
    assert "command import_lessons · import of the store: shvz" in html
    assert "Title, Transcript, Key points" in html
    assert "a user who is gone" in html
    assert "Assets" in html
    assert "Created" in html


def test_changes_from_outside_name_the_database_user(admin: Client) -> None:
    lesson = make_lesson()
    assert "outside the application (database user" in html_of(admin.get(page(lesson)))


def test_two_versions_are_compared_by_words_and_items(admin: Client) -> None:
    lesson = changed_lesson()
    found = versions(Lesson, lesson.pk)
    html = html_of(admin.get(page(lesson, "compare"), {"older": found[2].id, "newer": found[1].id}))
    assert "<del>Old </del><ins>New </ins>title" in html
    assert "<del>Мягкий </del><ins>Сильный </ins>нажим" in html
    assert '<li dir="auto"><del>Спокойное дыхание</del></li>' in html
    assert "Практические советы" not in html
    assert "Practical tips" not in html


def test_what_is_compared_is_escaped(admin: Client) -> None:
    lesson = changed_lesson()
    found = versions(Lesson, lesson.pk)
    html = html_of(admin.get(page(lesson, "compare"), {"older": found[2].id, "newer": found[0].id}))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize("chosen", [{}, {"older": "x", "newer": "1"}, {"older": "0", "newer": "0"}])
def test_a_choice_that_is_none_leads_back(admin: Client, chosen: dict[str, str]) -> None:
    response: Any = admin.get(page(changed_lesson(), "compare"), chosen, follow=True)
    assert "Choose two different versions" in html_of(response)


def test_a_version_comes_back_after_its_changes_were_shown(admin: Client) -> None:
    lesson = changed_lesson()
    found = versions(Lesson, lesson.pk)
    back = page(lesson, "bring_back", found[2].id)
    assert "<del>New </del><ins>Old </ins>title" in html_of(admin.get(back))
    response: Any = admin.post(back, {"seen": found[0].id}, follow=True)
    assert "The version is back" in html_of(response)
    lesson.refresh_from_db()
    assert (lesson.title, lesson.description.data, lesson.assets.count()) == ("Old title", DESCRIPTION, 0)
    assert versions(Lesson, lesson.pk)[0].metadata == {
        "user": int(admin.session["_auth_user_id"]),
        "page": "courses_lesson_bring_back",
        "version": found[2].id,
    }


def test_nothing_comes_back_of_the_time_when_it_was_deleted(admin: Client) -> None:
    with because(command="one"):
        text = make_text(make_learner(), make_lesson())
    with because(command="two"):
        text.lesson.delete()
    [change] = Change.objects.filter(table_name="lessons", kind="delete")
    bring_back_deleted(model=Lesson, change=change.pk)
    found = versions(Text, text.pk)
    [gone] = [version for version in found if not version.row(Text)]
    html = html_of(admin.get(page(text)))
    assert html.count("Bring this version back") == len(found) - 2  # not the present one either
    for method in (admin.get, admin.post):
        assert method(page(text, "bring_back", gone.id), {"seen": found[0].id}).status_code == 404
    compared = html_of(admin.get(page(text, "compare"), {"older": gone.id, "newer": found[0].id}))
    assert "Bring the older version back" not in compared


def test_a_new_order_is_told_in_the_history_of_its_lessons(admin: Client) -> None:
    lesson = make_lesson(make_course("neck"), 1)
    other = make_lesson(lesson.course, 2)
    url = reverse("admin:courses_course_order", args=["neck"])
    order: Any = admin.get(url)
    ids = json.dumps([str(other.pk), str(lesson.pk)])
    admin.post(url, {"order": ids, "seen": order.context["seen"]})
    assert 'admin · Order of lessons</span></div> <div class="persona-what">Changed: Number<' in html_of(
        admin.get(page(lesson))
    )


def test_a_newer_version_is_shown_instead_of_overwritten(admin: Client) -> None:
    lesson = changed_lesson()
    found = versions(Lesson, lesson.pk)
    response: Any = admin.post(page(lesson, "bring_back", found[2].id), {"seen": found[1].id})
    assert "It was changed after you opened this page" in html_of(response)
    lesson.refresh_from_db()
    assert lesson.title == "New title"


def test_a_text_that_comes_back_is_locked_by_who_asked(admin: Client) -> None:
    with because(command="one"):
        text = make_text(make_learner(), make_lesson(), {"summary_short": "Old words"}, origin="openai")
    with because(command="two"):
        Text.objects.update(content={"summary_short": "New words"})
    found = versions(Text, text.pk)
    html = html_of(admin.get(page(text, "compare"), {"older": found[1].id, "newer": found[0].id}))
    assert "In short" in html
    admin.post(page(text, "bring_back", found[1].id), {"seen": found[0].id})
    text.refresh_from_db()
    assert text.content == {"summary_short": "Old words"}
    assert (text.locked, text.edited_by and text.edited_by.username) == (True, "admin")


def test_a_learners_answers_are_compared_by_question(admin: Client) -> None:
    with because(command="one"):
        learner = make_learner()
    with because(command="two"):
        Profile.objects.update(survey={"fears": ["Навредить"]})
    assert "Changed: What worries them, Why they learn, Experience" in html_of(admin.get(page(learner)))


def test_who_may_only_look_sees_versions_and_no_way_back(client: Client, db: None) -> None:
    client.force_login(make_staff(permissions=["courses.view_lesson"]))
    lesson = changed_lesson()
    found = versions(Lesson, lesson.pk)
    assert "Bring this version back" not in html_of(client.get(page(lesson)))
    for method in (client.get, client.post):
        assert method(page(lesson, "bring_back", found[2].id)).status_code == 403


def test_who_may_not_look_sees_nothing(client: Client, db: None) -> None:
    client.force_login(make_staff(permissions=["courses.view_course"]))
    lesson = changed_lesson()
    for url in (page(lesson), page(lesson, "compare"), reverse("admin:courses_lesson_deleted")):
        assert client.get(url).status_code == 403


@pytest.mark.parametrize("name", ["history", "compare"])
def test_more_versions_cost_no_more_queries(
    admin: Client, name: str, django_assert_max_num_queries: Any
) -> None:
    lesson = changed_lesson()
    found = versions(Lesson, lesson.pk)
    for number in range(20):
        with because(user=number):
            Lesson.objects.update(title=f"Title {number}")
    with django_assert_max_num_queries(6):
        admin.get(page(lesson, name), {"older": found[-1].id, "newer": found[0].id})


def test_a_lock_that_is_held_is_told_and_nothing_is_changed(admin: Client) -> None:
    lesson = changed_lesson()
    now = timezone.now()
    text = make_text(make_learner(), lesson, edited_at=now)
    newest, *_, oldest = versions(Lesson, lesson.pk)
    posts = [
        (page(lesson, "delete"), {"post": "yes"}),
        (page(lesson, "bring_back", oldest.id), {"seen": newest.id}),
        (page(text, "unlock"), {"edited_at": now.isoformat()}),
    ]
    with deadlock("lessons"), deadlock("personalized_lesson_descriptions"):
        for url, data in posts:
            assert "holds it. Nothing was changed" in html_of(admin.post(url, data, follow=True))
