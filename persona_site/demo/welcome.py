"""What the demo says to whoever has started it."""

import time

from django.conf import settings
from django.urls import reverse

from persona_site.demo.account import Account, password_file
from persona_site.demo.running import Running
from persona_site.demo.session import Ready
from persona_site.demo.web import HOST


def welcome(ready: Ready, asked_port: int, since: float) -> list[str]:
    """Up to 8 lines; `since` is when the start began, in seconds of the epoch."""
    taken = f"Port {asked_port} is taken, so the demo takes {ready.port}."
    return [
        *([taken] if ready.port != asked_port else []),
        f"Persona is ready after {time.time() - since:.0f} s: {_address(ready.port)}",
        f"  Log in as {_credentials(ready.account)}.",
        '  Then: Learners, select some, action "Regenerate personalizations", and read what they get.',
        *_writer(),
        f"  Logs: {settings.VAR / 'log'}. Ctrl-C stops everything; the data stays.",
    ]


def already(running: Running) -> str:
    """One line."""
    where = f" at {_address(running.port)}" if running.port else ", and is still starting"
    return f"The demo already runs{where} (pid {running.pid}); stop it there with Ctrl-C."


def _address(port: int) -> str:
    return f"http://{HOST}:{port}{reverse('admin:index')}"


def _credentials(account: Account) -> str:
    if account.password is None:
        return (
            f"{account.name}; its password was changed (manage.py changepassword {account.name} sets another)"
        )
    return f"{account.name}, password {account.password} (kept in {password_file(settings.VAR)})"


def _writer() -> list[str]:
    if settings.OPENAI_API_KEY:
        return [f"  Texts are written by {settings.OPENAI_MODEL} at {settings.OPENAI_BASE_URL}."]
    return [
        "  OPENAI_API_KEY is not set: the simple writer writes the texts. To try a model without one, start",
        "  manage.py fake_model, then this with OPENAI_API_KEY=fake OPENAI_BASE_URL=http://127.0.0.1:8901/v1",
    ]
