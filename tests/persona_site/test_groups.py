"""The groups that come with the product allow what their names say, and nothing about users."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.urls import reverse

from persona_site.roles import ROLES, create_groups
from personalization.models import Endpoint
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run, make_staff, make_text

pytestmark = pytest.mark.django_db
MIGRATION: Any = import_module("persona_site.migrations.0001_groups")
ENDPOINTS: Any = import_module("persona_site.migrations.0006_endpoints")
LATER: Any = import_module("persona_site.migrations.0002_replace_locked")

# What a member finds behind each address: the page, or a closed door.
PAGES = {
    "auth_user_changelist": (),
    "auth_group_changelist": (),
    "auth_user_add": (),
    "courses_course_changelist": ("Content editors", "Operators", "Viewers"),
    "courses_lesson_changelist": ("Content editors", "Operators", "Viewers"),
    "courses_lesson_add": ("Content editors",),
    "courses_course_add": ("Content editors",),
    "personalization_profile_changelist": ("Content editors", "Operators", "Viewers"),
    "personalization_profile_add": ("Operators",),
    "personalization_personalizedlessondescription_changelist": ("Content editors", "Operators", "Viewers"),
    "personalization_generationrun_changelist": ("Operators", "Viewers"),
    "personalization_modelcall_changelist": ("Operators", "Viewers"),
    "personalization_modelcall_costs": ("Operators", "Viewers"),
    "personalization_usercluster_changelist": ("Content editors", "Operators", "Viewers"),
    "personalization_promptrefinement_changelist": ("Content editors", "Operators", "Viewers"),
    "personalization_lessonfeedback_changelist": ("Content editors", "Operators", "Viewers"),
    "personalization_quizresult_upload": ("Operators",),
    "personalization_promptentry_changelist": ("Content editors", "Operators", "Viewers"),
    "personalization_variableentry_changelist": ("Content editors", "Operators", "Viewers"),
    "personalization_variableentry_add": ("Content editors",),
    "personalization_endpoint_changelist": ("Operators",),
    "personalization_endpoint_add": (),
    "personalization_settingentry_changelist": ("Content editors", "Operators", "Viewers"),
}


@pytest.fixture(autouse=True)
def groups(db: None) -> None:
    # A test that empties the database takes the migration's rows with it.
    create_groups(apps)


def member(name: str) -> User:
    return make_staff(name.lower().replace(" ", "-"), groups=[Group.objects.get(name=name)])


@pytest.mark.parametrize("group", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_pages_open_for_whom_they_are(client: Client, group: str, page: str) -> None:
    client.force_login(member(group))
    expected = 200 if group in PAGES[page] else 403
    assert client.get(reverse(f"admin:{page}")).status_code == expected


@pytest.mark.parametrize("group", ROLES)
def test_nobody_of_them_deletes_or_touches_users(group: str) -> None:
    rights = member(group).get_all_permissions()
    assert rights == ROLES[group]
    deletes = {right for right in rights if "delete" in right}
    # No row of anybody: what workers found out by themselves, and find out again.
    assert deletes == ({"personalization.delete_endpoint"} if group == "Operators" else set())
    assert not [right for right in rights if right.startswith(("auth.", "admin."))]


def test_editors_edit_texts_but_start_nothing() -> None:
    editor = member("Content editors")
    assert editor.has_perm("personalization.change_personalizedlessondescription")
    assert not editor.has_perm("personalization.run_generation")


def test_operators_steer_runs_and_edit_no_texts(client: Client) -> None:
    lesson = make_lesson()
    learner = make_learner(course=lesson.course)
    text = make_text(learner, lesson)
    run = make_run()
    make_item(run, learner, lesson)
    client.force_login(member("Operators"))
    command = reverse("admin:personalization_generationrun_command", args=[run.pk])
    assert client.post(command, {"command": "cancel"}).status_code == 302
    run.refresh_from_db()
    assert run.state == "cancelled"
    page = reverse("admin:personalization_personalizedlessondescription_change", args=[text.pk])
    assert client.post(page, {"section_quick_action": "X"}).status_code == 403


def test_operators_have_forgotten_what_was_found_out_of_an_endpoint(client: Client) -> None:
    endpoint = Endpoint.objects.create(
        base_url="http://one.example/v1", model="m-1", answers="text", limit="none"
    )
    client.force_login(member("Operators"))
    page = reverse("admin:personalization_endpoint_change", args=[endpoint.pk])
    assert "m-1" in client.get(page).content.decode()
    assert client.post(page, {"model": "other"}).status_code == 403
    delete = reverse("admin:personalization_endpoint_delete", args=[endpoint.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 302
    assert not Endpoint.objects.exists()


def test_a_migration_brings_the_right_to_endpoints() -> None:
    assert ("personalization", "0013_endpoints") in ENDPOINTS.Migration.dependencies
    assert [type(operation).__name__ for operation in ENDPOINTS.Migration.operations] == ["RunPython"]


def test_viewers_change_nothing(client: Client) -> None:
    course = make_course()
    client.force_login(member("Viewers"))
    page = reverse("admin:courses_course_change", args=[course.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"title": "X"}).status_code == 403


def test_the_groups_are_made_where_no_permission_exists_yet() -> None:
    Group.objects.all().delete()
    Permission.objects.all().delete()
    ContentType.objects.filter(app_label__in=["courses", "personalization"]).delete()
    ContentType.objects.clear_cache()
    create_groups(apps)
    names = dict(Permission.objects.values_list("codename", "name"))
    assert names["view_course"] == "Can view course"
    assert names["run_generation"] == "Can start and steer runs"
    assert {group.name: group.permissions.count() for group in Group.objects.all()} == {
        name: len(permissions) for name, permissions in ROLES.items()
    }


def test_making_them_again_keeps_what_a_site_has_added() -> None:
    viewers = Group.objects.get(name="Viewers")
    extra = Permission.objects.get(codename="change_course")
    viewers.permissions.add(extra)
    create_groups(apps)
    assert extra in viewers.permissions.all()
    assert Group.objects.filter(name="Viewers").count() == 1


def test_a_migration_brings_them() -> None:
    assert ("personalization", "0004_run_permission") in MIGRATION.Migration.dependencies
    assert [type(operation).__name__ for operation in MIGRATION.Migration.operations] == ["RunPython"]


def test_a_right_that_the_models_did_not_have_yet_comes_with_its_migration() -> None:
    assert ("personalization", "0006_import_digest") in LATER.Migration.dependencies
    then = [*MIGRATION.Migration.dependencies]
    before = MigrationLoader(connection).project_state(then).apps
    Group.objects.all().delete()
    Permission.objects.filter(codename="replace_locked").delete()
    create_groups(before)
    assert not Permission.objects.filter(codename="replace_locked").exists()
    create_groups(apps)
    right = Permission.objects.get(codename="replace_locked")
    assert right.name == "Can unlock and replace texts that editors changed"
    assert sorted(right.group_set.values_list("name", flat=True)) == ["Content editors", "Operators"]
