"""The account with which a visitor of the demo logs in."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth import get_user_model

NAME = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """`password` is None where it is not the one that we made: somebody has changed it."""

    name: str
    password: str | None


def password_file(var: Path) -> Path:
    return var / "demo_password"


def demo_account(var: Path) -> Account:
    """The superuser `admin`, made with a random password where there is none; the file keeps the password."""
    users = get_user_model()
    user = users.objects.filter(username=NAME).first()
    if user is None:
        password = secrets.token_urlsafe(12)
        _keep(password, password_file(var))
        users.objects.create_superuser(NAME, password=password)
        return Account(NAME, password)
    known = _kept(password_file(var))
    return Account(NAME, known if known and user.is_active and user.check_password(known) else None)


def _keep(password: str, file: Path) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(password + "\n")


def _kept(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""
