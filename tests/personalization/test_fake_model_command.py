"""`manage.py fake_model` as a process."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.personalization.fake_model_client import asking

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its base URL, taken from its first line; killed if the test has not ended it."""
    # An address where no database can be: the command must not look for one.
    environment = os.environ | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "PYTHONWARNINGS": "error",
    }
    command = [sys.executable, str(MANAGE), "fake_model", "--port", "0", *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        try:
            assert run.stdout
            name, _, base_url = run.stdout.readline().strip().partition("=")
            assert name == "OPENAI_BASE_URL"
            yield run, base_url
        finally:
            run.kill()


def test_serves_until_ctrl_c_and_prints_the_counters() -> None:
    with serving("--mode", "refusal", "--rpm", "5") as (process, base_url):
        with asking(base_url) as ask:
            refusal = ask().choices[0].message.refusal
        with urllib.request.urlopen(base_url.removesuffix("/v1") + "/stats", timeout=5) as response:
            stats = json.load(response)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)

    assert refusal
    assert stats["by_mode"] == {"refusal": 1}
    assert "requests: 1\nby status: 200 1\nby mode: refusal 1\n" in output
    assert (process.returncode, errors) == (0, "")


def test_all_wrong_options_are_named_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("fake_model", mode="melt", fail=2.0, retry_after=-1)

    first, second, third = str(caught.value).splitlines()
    assert first.startswith("--mode: 'melt' unknown; use one of ok, rate_limit,")
    assert second == "--fail: 2.0 found, a number from 0 to 1 expected"
    assert third == "--retry-after: -1 found, a whole number from 0 to 10,000,000 expected"


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as caught:
            call_command("fake_model", port=port)

    assert str(caught.value) == (
        f"port {port} on 127.0.0.1 is taken: stop what uses it, or choose another --port"
    )


def test_a_port_that_does_not_exist_is_named() -> None:
    with pytest.raises(CommandError, match="port 70000 does not exist"):
        call_command("fake_model", port=70000)


def test_the_help_lists_every_mode(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("fake_model", "--help", stdout=StringIO())

    shown = capsys.readouterr().out
    assert "rate_limit, server_error, hang, slow" in shown
    assert "export OPENAI_BASE_URL=http://127.0.0.1:8901/v1" in shown
