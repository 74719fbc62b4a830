"""Coaches in the admin: the default coach, who speaks where, and what is told when nobody does."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.models import Course
from personalization.models import Coach, ConfigEntry, CourseCoach
from personalization.services.coaches import default_coach_id, set_course_coach, set_default_coach, speakers
from personalization.services.work import make_brief
from personalization.writers.registry import current_recipe
from tests.admin_forms import errors_of, filled_in, send
from tests.builders import (
    make_coach,
    make_course,
    make_learner,
    make_lesson,
    make_staff,
    make_superuser,
    make_text,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:personalization_coach_changelist")
ADD = reverse("admin:personalization_coach_add")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


def page(coach: Coach) -> str:
    return reverse("admin:personalization_coach_change", args=[coach.pk])


def course_page(course: Course) -> str:
    return reverse("admin:courses_course_change", args=[course.pk])


# --- who speaks ---


def test_a_course_has_the_voice_that_it_names_else_the_default_one_else_none() -> None:
    named, default, neither = make_course(title="A"), make_course(title="B"), make_course(title="C")
    ada, bea = make_coach("Ada"), make_coach("Bea")
    set_course_coach(course=named, coach=ada)
    courses = [named.pk, default.pk, neither.pk]
    assert [one.name for one in speakers(courses).values()] == ["Ada", "", ""]
    set_default_coach(coach=bea)
    assert [one.name for one in speakers(courses).values()] == ["Ada", "Bea", "Bea"]
    assert ConfigEntry.objects.get(key="default_coach").value == {"default_coach_id": str(bea.pk)}
    set_course_coach(course=named, coach=None)
    assert speakers([named.pk])[named.pk].name == "Bea"


@pytest.mark.parametrize(
    ("ada", "bea", "said"),
    [
        ("inactive", "active", "Ada is not active. Bea, the default coach, speaks instead."),
        ("inactive", "inactive", "Ada is not active, and there is no default coach"),
        ("deleted", "active", "The coach was deleted. Bea, the default coach, speaks instead."),
        ("deleted", "deleted", "The coach was deleted, and there is no default coach"),
    ],
)
def test_a_fallback_is_seen_on_the_course_and_in_both_lists(
    admin: Client, ada: str, bea: str, said: str
) -> None:
    course, coaches = make_course(title="Neck"), {"Ada": make_coach("Ada"), "Bea": make_coach("Bea")}
    set_course_coach(course=course, coach=coaches["Ada"])
    set_default_coach(coach=coaches["Bea"])
    for name, state in (("Ada", ada), ("Bea", bea)):
        if state == "inactive":
            Coach.objects.filter(name=name).update(is_active=False)
        elif state == "deleted":
            Coach.objects.filter(name=name).delete()
    assert said in admin.get(course_page(course)).content.decode()
    make_coach("Somebody")
    assert said in admin.get(LIST).content.decode()
    assert "⚠" in admin.get(reverse("admin:courses_course_changelist")).content.decode()


def test_who_is_not_active_speaks_in_no_course_of_the_list(admin: Client) -> None:
    away = make_coach("Away", is_active=False)
    set_course_coach(course=make_course(), coach=away)
    assert "1 course" not in admin.get(LIST).content.decode()
    Coach.objects.update(is_active=True)
    assert "1 course" in admin.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "There is no default coach"),
        ({"default_coach_id": None}, "There is no default coach"),
        ({"default_coach_id": "no id at all"}, "There is no default coach"),
        (["a list"], "There is no default coach"),
        ({"default_coach_id": "00000000-0000-0000-0000-000000000001"}, "The default coach was deleted"),
    ],
)
def test_the_list_says_when_nobody_speaks_by_default(admin: Client, config: Any, said: str) -> None:
    make_coach("Ada")
    course = make_course()
    if config is None:
        ConfigEntry.objects.filter(key="default_coach").delete()
    else:
        ConfigEntry.objects.filter(key="default_coach").update(value=config)
    assert said in admin.get(LIST).content.decode()
    assert speakers([course.pk])[course.pk].name == ""


def test_the_default_coach_is_chosen_on_a_coachs_page(admin: Client) -> None:
    ada, bea = make_coach("Ada"), make_coach("Bea")
    send(admin, page(ada), is_default="on")
    assert default_coach_id() == ada.pk
    send(admin, page(bea), is_default="on")
    assert default_coach_id() == bea.pk
    send(admin, page(ada), bio="Hello")  # not the default any more, and not again
    assert default_coach_id() == bea.pk
    assert "all that name nobody" in admin.get(LIST).content.decode()
    seen = filled_in(admin, page(bea))["seen"]
    admin.post(page(bea), {"name": "Bea", "is_active": "on", "voice_settings": "{}", "seen": seen})
    assert default_coach_id() is None


def test_how_many_texts_become_stale_by_another_default_is_said(admin: Client) -> None:
    ada, named = make_coach("Ada"), make_coach("Bea")
    courses = make_course(), make_course()
    set_course_coach(course=courses[1], coach=named)
    for course in courses:
        lesson, learner = make_lesson(course), make_learner(course=course)
        today = make_brief(learner, lesson).fingerprint(current_recipe("openai"))
        make_text(learner, lesson, origin="openai", fingerprint=today)
        locked = make_learner(course=course)
        make_text(locked, lesson, origin="openai", fingerprint=today, edited_at=timezone.now())
    answer = send(admin, page(ada), is_default="on")
    said = "".join(map(str, get_messages(answer.wsgi_request)))
    assert "1 text becomes stale by the change of the default coach." in said
    without = {name: value for name, value in filled_in(admin, page(ada)).items() if name != "is_default"}
    answer = admin.post(page(ada), without)  # the text is again as it was written
    assert "by the change" not in "".join(map(str, get_messages(answer.wsgi_request)))
    assert default_coach_id() is None


def test_who_is_not_active_cannot_be_the_default(admin: Client) -> None:
    answer = send(admin, page(make_coach("Ada", is_active=False)), is_default="on")
    assert "is_default" in errors_of(answer)


def test_a_switch_that_somebody_else_has_put_on_meanwhile_stays_on(admin: Client) -> None:
    ada = make_coach("Ada", is_active=False)
    form = filled_in(admin, page(ada))
    Coach.objects.filter(pk=ada.pk).update(is_active=True)
    refused = admin.post(page(ada), {**form, "bio": "Mine"})
    assert [(found.name, found.changed) for found in refused.context["differences"]] == [
        ("is_active", "theirs"),
        ("bio", "mine"),
    ]
    admin.post(page(ada), {**form, "bio": "Mine", "is_active": "on", "seen": refused.context["seen_now"]})
    ada.refresh_from_db()
    assert (ada.is_active, ada.bio) == (True, "Mine")


# --- the course's page ---


def test_a_course_names_its_coach(admin: Client) -> None:
    course, ada = make_course(), make_coach("Ada")
    answer = send(admin, course_page(course), coach=str(ada.pk))
    assert CourseCoach.objects.get(course=course).coach == ada
    assert "Texts in another voice" in "".join(map(str, get_messages(answer.wsgi_request)))
    send(admin, course_page(course), coach="")
    assert not CourseCoach.objects.exists()


def test_who_is_not_active_is_not_offered_and_yet_shown_where_named(admin: Client) -> None:
    course, away = make_course(), make_coach("Away", is_active=False)
    assert "coach" in errors_of(send(admin, course_page(course), coach=str(away.pk)))
    set_course_coach(course=course, coach=away)
    assert "Away (not active)" in admin.get(course_page(course)).content.decode()


def test_saving_without_a_coach_acknowledges_that_it_is_gone(admin: Client) -> None:
    course, ada = make_course(), make_coach("Ada")
    set_course_coach(course=course, coach=ada)
    Coach.objects.all().delete()
    assert speakers([course.pk])[course.pk].lapsed
    send(admin, course_page(course))
    assert not speakers([course.pk])[course.pk].lapsed


def test_somebody_elses_coach_is_not_overwritten(admin: Client) -> None:
    course, ada, bea = make_course(), make_coach("Ada"), make_coach("Bea")
    opened = {"title": course.title, "language": "ru", "personal_format": "personal"}
    seen = admin.get(course_page(course)).context["adminform"].form.initial["seen"]
    set_course_coach(course=course, coach=ada)
    answer: Any = admin.post(course_page(course), {**opened, "seen": seen, "coach": str(bea.pk)})
    assert [found.name for found in answer.context["differences"]] == ["coach"]
    assert CourseCoach.objects.get().coach == ada


def test_a_viewer_reads_who_speaks_and_changes_nothing(client: Client) -> None:
    course, ada = make_course(), make_coach("Ada", prompt="Warm")
    set_course_coach(course=course, coach=ada)
    client.force_login(make_staff(permissions=["courses.view_course", "personalization.view_coach"]))
    html = client.get(course_page(course)).content.decode()
    assert "Ada speaks in this course" in html
    assert 'name="coach"' not in html
    assert client.post(page(ada), {"name": "Eve"}).status_code == 403


# --- the form and the preview ---


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a" * 101),
        ("name", "A\u202eb"),
        ("prompt", "я" * 5_001),
        ("bio", "я" * 5_001),
        ("year_of_birth", "1066"),
        ("year_of_birth", "2999"),
        ("voice_settings", "[1]"),
        ("voice_settings", "{"),
        ("prompt", "a\0b"),
    ],
)
def test_a_field_out_of_bounds_is_refused(admin: Client, field: str, value: str) -> None:
    assert list(errors_of(send(admin, ADD, **{"name": "Ada", field: value}))) == [field]
    assert not Coach.objects.exists()


def test_the_preview_is_what_the_model_reads_before_it_is_saved(admin: Client) -> None:
    draft = reverse("admin:personalization_coach_draft")
    html = admin.post(draft, {"name": "Ada", "sex": "female", "prompt": "<b>Dry</b> wit"}).content.decode()
    assert "that of the coach Ada, a woman" in html
    assert "&lt;b&gt;Dry&lt;/b&gt; wit" in html
    assert "tokens" in html
    assert "neutral" in admin.post(draft, {"name": "Ada", "prompt": " "}).content.decode()
    assert not Coach.objects.exists()


def test_the_page_of_a_deletion_says_who_speaks_then(admin: Client) -> None:
    ada = make_coach("Ada")
    set_course_coach(course=make_course(), coach=ada)
    set_default_coach(coach=ada)
    html = admin.get(reverse("admin:personalization_coach_delete", args=[ada.pk])).content.decode()
    assert "1 course names the coach" in html
    assert "It is the default coach" in html


def test_an_earlier_voice_comes_back(admin: Client) -> None:
    ada = make_coach("Ada", prompt="Warm")
    send(admin, page(ada), prompt="Cold")
    versions: Any = admin.get(reverse("admin:personalization_coach_history", args=[ada.pk]))
    newest, oldest = versions.context["versions"][0], versions.context["versions"][-1]
    back = reverse("admin:personalization_coach_bring_back", args=[ada.pk, oldest.id])
    admin.post(back, {"seen": newest.id})
    ada.refresh_from_db()
    assert ada.prompt == "Warm"
