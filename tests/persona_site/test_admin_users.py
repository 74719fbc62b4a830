"""Users and groups belong to superusers: whoever may change a user could become one."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from tests.admin_forms import send
from tests.builders import make_staff, make_superuser

RIGHTS = [
    f"auth.{action}_{model}" for action in ("view", "add", "change", "delete") for model in ("user", "group")
]


@pytest.fixture
def helper(db: None) -> User:
    return make_staff("helper", permissions=RIGHTS)


def test_a_staff_member_with_every_right_on_users_cannot_become_superuser(
    client: Client, helper: User
) -> None:
    client.force_login(helper)
    page = reverse("admin:auth_user_change", args=[helper.pk])
    answer = client.post(
        page, {"username": "helper", "is_staff": "on", "is_superuser": "on", "is_active": "on"}
    )
    assert answer.status_code == 403
    helper.refresh_from_db()
    assert not helper.is_superuser


def test_nor_take_over_an_account_by_its_password(client: Client, helper: User) -> None:
    boss = make_superuser()
    client.force_login(helper)
    page = reverse("admin:auth_user_password_change", args=[boss.pk])
    answer = client.post(
        page, {"password1": "a-new-Pass-9", "password2": "a-new-Pass-9", "usable_password": "true"}
    )
    assert answer.status_code == 403
    assert not User.objects.get(pk=boss.pk).has_usable_password()


def test_nor_give_a_group_more_rights(client: Client, helper: User) -> None:
    group = Group.objects.create(name="Helpers")
    client.force_login(helper)
    answer = client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "Helpers"})
    assert answer.status_code == 403


def test_the_sidebar_does_not_offer_them(client: Client, helper: User) -> None:
    client.force_login(helper)
    assert reverse("admin:auth_user_changelist") not in client.get(reverse("admin:index")).content.decode()


def test_a_superuser_manages_users(client: Client, helper: User) -> None:
    client.force_login(make_superuser())
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 200
    joined = {"date_joined_0": "2026-01-02", "date_joined_1": "03:04"}
    send(client, reverse("admin:auth_user_change", args=[helper.pk]), first_name="Helena", **joined)
    helper.refresh_from_db()
    assert helper.first_name == "Helena"
    assert client.get(reverse("admin:auth_user_password_change", args=[helper.pk])).status_code == 200
