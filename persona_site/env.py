"""Reads the environment, and refuses to guess where a guess could cost somebody their data."""

import secrets
import tomllib
import warnings
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.smart_cast = False
environ.Env.read_env(BASE_DIR / ".env")


def required(name: str, hint: str) -> str:
    """The variable's text; an error that names the variable and the remedy when it is missing or blank."""
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def postgres(name: str, hint: str) -> dict[str, Any]:
    """Django's settings of the database that the URL names. No error shows the URL: it holds a password."""
    required(name, hint)
    try:
        with warnings.catch_warnings(action="ignore"):  # they quote the URL
            database: dict[str, Any] = env.db(name)
    except Exception as error:
        kind = type(error).__name__
        raise ImproperlyConfigured(
            f"{name} cannot be read ({kind}). {hint} Write special characters of the password as %XX."
        ) from None
    if database.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"{name} must start with postgresql://. {hint}")
    return database


def choice(name: str, known: tuple[str, ...], default: str) -> str:
    """One of the known words, or an error that names them."""
    value: str = env.str(name, default="").strip().lower() or default
    if value not in known:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(known)}, found {value!r}.")
    return value


def project_version() -> str:
    """The version in pyproject.toml; `unknown` where the code came without it."""
    try:
        project: dict[str, str] = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
        return project["version"]
    except (OSError, ValueError, KeyError):
        return "unknown"


def time_zone(name: str, default: str) -> str:
    """The name of a time zone that this machine knows."""
    value: str = env.str(name, default="") or default
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ImproperlyConfigured(f"{name} must be like Europe/Berlin, found {value!r}.") from None
    return value


def positive_int(name: str, default: int) -> int:
    """A whole number above zero, or an error that names the variable and what it holds."""
    raw: str = env.str(name, default=str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) == 0:
        raise ImproperlyConfigured(f"{name} must be a whole number above 0, found {raw!r}.")
    return int(raw)


def positive_float(name: str, default: float) -> float:
    """A number above zero, or an error that names the variable and what it holds."""
    raw: str = env.str(name, default=str(default))
    try:
        value = float(raw)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ImproperlyConfigured(f"{name} must be a number above 0, found {raw!r}.")
    return value


def development_secret(path: Path) -> str:
    """A random key that stays the same between starts, so that nobody is logged out by a restart.

    Only for DEBUG: in production the key comes from the environment.
    """
    try:
        return path.read_text()
    except FileNotFoundError:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(f"PERSONA_VAR: cannot make {path.parent}: {error.strerror}") from None
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50))
    try:
        # A link fails where another process was first: all of them then read the winner's key.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
