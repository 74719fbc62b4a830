"""Where a demo listens, what it says, and that there is only one of it."""

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from persona_site.demo import web
from persona_site.demo.account import Account
from persona_site.demo.running import AlreadyRunning, Running, only_one
from persona_site.demo.session import Ready
from persona_site.demo.welcome import welcome


@contextmanager
def listening(count: int = 1) -> Iterator[int]:
    """The first of `count` neighbouring ports, on all of which somebody listens."""
    with ExitStack() as stack:
        first = stack.enter_context(socket.create_server((web.HOST, 0))).getsockname()[1]
        try:
            for port in range(first + 1, first + count):
                stack.enter_context(socket.create_server((web.HOST, port)))
        except (OSError, OverflowError):
            with listening(count) as elsewhere:
                yield elsewhere
            return
        yield first


def test_a_port_that_is_taken_gives_way_to_the_next() -> None:
    with listening(count=2) as port:
        assert web.first_free(port) >= port + 2


def test_a_port_on_all_interfaces_is_taken_too() -> None:
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        assert web.first_free(port) > port


def test_no_free_port_is_an_error_that_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "TRIED_PORTS", 2)
    with (
        listening(count=2) as port,
        pytest.raises(web.NoPortError, match=rf"from {port} to {port + 1}.*PORT"),
    ):
        web.first_free(port)


def test_a_page_answers_or_not() -> None:
    with http.server.ThreadingHTTPServer((web.HOST, 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert web.status(server.server_port, "/") == 501
    assert web.status(server.server_port, "/") is None


def test_only_one_demo_at_a_time(tmp_path: Path) -> None:
    with only_one(tmp_path):
        Running(os.getpid(), port=8000).save(tmp_path)
        with pytest.raises(AlreadyRunning) as caught, only_one(tmp_path):
            pytest.fail("a second one has started")
        assert caught.value.running == Running(os.getpid(), port=8000)
    with only_one(tmp_path) as left:
        assert left.pid == 0


def test_what_a_killed_demo_has_left_is_known_to_the_next(tmp_path: Path) -> None:
    Running(17, 8000, {"postgres": 18}).save(tmp_path)
    with only_one(tmp_path) as left:
        assert left.servers == {"postgres": 18}


@pytest.mark.parametrize("written", ["", "[]", '{"pid": 1, "new": 2}', "\x00"])
def test_a_broken_record_says_nothing(written: str, tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(written)
    with only_one(tmp_path) as left:
        assert left == Running(pid=0)


@pytest.mark.parametrize(("port", "said"), [(8001, "http://127.0.0.1:8001/admin/"), (0, "still starting")])
def test_a_second_demo_says_where_the_first_one_is(
    port: int, said: str, tmp_path: Path, settings: Settings
) -> None:
    settings.DEBUG, settings.VAR = True, tmp_path
    output = StringIO()
    with only_one(tmp_path):
        Running(17, port).save(tmp_path)
        call_command("demo", stdout=output)
    assert "already runs" in output.getvalue()
    assert said in output.getvalue()


def test_it_refuses_where_debug_is_off() -> None:
    with pytest.raises(CommandError, match="DEBUG=true"):
        call_command("demo")


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1", "٨٠٠٠", ""])
def test_a_port_that_is_none(port: str) -> None:
    with pytest.raises(CommandError, match="a number from 1 to 65535"):
        call_command("demo", "--port", port)


def test_the_welcome_without_a_key(settings: Settings) -> None:
    lines = welcome(Ready(8001, Account("admin", "secret")), asked_port=8000, since=0)
    text = "\n".join(lines)
    assert len(lines) <= 8
    assert max(map(len, lines)) < 130
    assert "Port 8000 is taken" in text
    assert "http://127.0.0.1:8001/admin/" in text
    assert "admin, password secret" in text
    assert "OPENAI_API_KEY is not set" in text
    assert "manage.py fake_model" in text


def test_the_welcome_with_a_key_and_a_changed_password(settings: Settings) -> None:
    settings.OPENAI_API_KEY = "sk-secret"
    text = "\n".join(welcome(Ready(8000, Account("admin", None)), asked_port=8000, since=0))
    assert "taken" not in text
    assert "password was changed" in text
    assert f"written by {settings.OPENAI_MODEL} at {settings.OPENAI_BASE_URL}" in text
    assert "sk-secret" not in text
