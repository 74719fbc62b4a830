"""The demo's superuser: made once, and never shown with a password that does not work."""

import stat
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from persona_site.demo.account import demo_account, password_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick_hashes(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def admin() -> User:
    return User.objects.get(username="admin")


def test_a_superuser_with_a_random_password(tmp_path: Path) -> None:
    account = demo_account(tmp_path)
    assert account.name == "admin"
    assert account.password
    assert len(account.password) >= 16
    assert admin().is_superuser
    assert admin().check_password(account.password)


def test_only_the_owner_can_read_the_password(tmp_path: Path) -> None:
    account = demo_account(tmp_path)
    assert password_file(tmp_path).read_text() == f"{account.password}\n"
    assert stat.S_IMODE(password_file(tmp_path).stat().st_mode) == 0o600


def test_the_second_start_keeps_it(tmp_path: Path) -> None:
    assert demo_account(tmp_path) == demo_account(tmp_path)
    assert User.objects.count() == 1


def test_a_password_that_was_changed_is_not_shown(tmp_path: Path) -> None:
    demo_account(tmp_path)
    user = admin()
    user.set_password("another")
    user.save(update_fields=["password"])
    assert demo_account(tmp_path).password is None
    assert admin().check_password("another")


def test_nor_that_of_an_account_that_may_not_log_in(tmp_path: Path) -> None:
    demo_account(tmp_path)
    User.objects.update(is_active=False)
    assert demo_account(tmp_path).password is None


def test_an_account_of_somebody_else(tmp_path: Path) -> None:
    User.objects.create_superuser("admin", password="theirs")
    assert demo_account(tmp_path).password is None
    assert not password_file(tmp_path).exists()


def test_a_new_database_gets_a_new_password(tmp_path: Path) -> None:
    before = demo_account(tmp_path).password
    User.objects.all().delete()
    after = demo_account(tmp_path).password
    assert after
    assert after != before
    assert password_file(tmp_path).read_text().strip() == after
