"""The demo as a visitor starts it: one command that starts everything, and one key that stops everything."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import psycopg
import pytest
from pytest_django import Settings

from persona_site.demo import session, web
from persona_site.demo.running import Running
from persona_site.embedded.postgres import Postgres
from persona_site.embedded.valkey import Valkey
from tests.forked import ROOT
from tests.processes import until


class Demo:
    """A demo in a process of its own, as `make run` starts it."""

    def __init__(self, var: Path, output: Path) -> None:
        self.var = var
        self.output = output
        with socket.create_server((web.HOST, 0)) as free:
            self.asked_port = free.getsockname()[1]

    def start(self, stdin: int = subprocess.DEVNULL) -> "Demo":
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", str(self.asked_port)],
                cwd=ROOT,
                env={**os.environ, "PERSONA_VAR": str(self.var)},
                stdin=stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until(lambda: "Ctrl-C stops" in self.said() or self.process.poll() is not None, "the welcome", 180)
        assert self.process.poll() is None, self.said()
        return self

    def said(self) -> str:
        return self.output.read_text()

    def found(self, pattern: str) -> str:
        """What the pattern's group matches in the output."""
        match = re.search(pattern, self.said())
        assert match, self.said()
        return match[1]

    @property
    def port(self) -> int:
        return int(self.found(r"http://127\.0\.0\.1:(\d+)/admin/"))

    @property
    def password(self) -> str:
        return self.found(r"admin, password (\S+)")

    def children(self) -> list[int]:
        """Web server and worker, and what they have started."""
        return [pid for pid in descendants(self.process.pid) if pid != self.process.pid]

    def end(self, number: signal.Signals) -> int:
        """The exit code after the signal."""
        self.process.send_signal(number)
        return self.process.wait(60)


def descendants(pid: int) -> list[int]:
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(found for child in children for found in descendants(int(child)))]
    return []


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def rows(var: Path, query: LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(Postgres(var).address) as connection:
        return connection.execute(query).fetchall()


def is_worker(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", b"celery"]


def servers_running(var: Path) -> list[bool]:
    return [server.status().pid is not None for server in (Postgres(var), Valkey(var))]


def stop_servers(var: Path) -> None:
    for server in (Postgres(var), Valkey(var)):
        server.stop()


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a folder of the demo's own")


@pytest.fixture
def demo(var: Path, tmp_path: Path) -> Iterator[Demo]:
    """Not started yet; it is stopped after the test."""
    demo = Demo(var, tmp_path / "output")
    yield demo
    if demo.process.poll() is None:
        demo.end(signal.SIGTERM)
    stop_servers(var)


def page_after_login(port: int, password: str) -> str:
    """The address of the page that a visitor sees then."""
    cookies = CookieJar()
    visitor = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies))
    address = f"http://{web.HOST}:{port}/admin/login/?next=/admin/"
    visitor.open(address, timeout=20).close()
    token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token}
    with visitor.open(address, urlencode(form).encode(), timeout=20) as page:
        return str(page.url)


def test_ctrl_c_stops_everything_and_the_next_start_finds_the_data(demo: Demo) -> None:
    demo.start()
    password = demo.password
    assert page_after_login(demo.port, password).endswith("/admin/")
    assert rows(demo.var, "SELECT count(*) > 1 FROM profiles") == [(True,)]
    rows(demo.var, "UPDATE courses SET title = 'Edited' RETURNING title")
    children = demo.children()
    assert demo.end(signal.SIGINT) == 0
    assert demo.said().endswith("Stopped.\n")
    until(lambda: not alive(children), "the end of web server and worker")
    assert servers_running(demo.var) == [False, False]

    terminal, other_end = os.openpty()
    with socket.create_server((web.HOST, demo.asked_port)):
        demo.start(stdin=other_end)
    os.close(other_end)
    assert f"Port {demo.asked_port} is taken" in demo.said()
    assert demo.port > demo.asked_port
    assert demo.password == password
    assert rows(demo.var, "SELECT DISTINCT title FROM courses") == [("Edited",)]
    os.close(terminal)
    assert demo.process.wait(60) == 0


def test_after_a_kill_only_the_servers_live_on_until_the_next_demo_ends(demo: Demo) -> None:
    demo.start()
    children = demo.children()
    demo.end(signal.SIGKILL)
    until(lambda: not alive(children), "the end of web server and worker")
    assert servers_running(demo.var) == [True, True]

    demo.start()
    children = demo.children()
    os.kill(next(filter(is_worker, children)), signal.SIGKILL)
    assert demo.process.wait(60) == 1
    assert f"The worker has ended with code 137.\nThe end of {demo.var}/log/worker.log:" in demo.said()
    assert "Traceback" not in demo.said()
    until(lambda: not alive(children), "the end of the web server")
    assert servers_running(demo.var) == [False, False]


@pytest.mark.parametrize(
    ("before", "left", "after"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_servers_stay_if_they_ran_before(
    before: bool, left: bool, after: bool, tmp_path: Path, settings: Settings
) -> None:
    settings.VAR, settings.EMBEDDED_POSTGRES, settings.EMBEDDED_VALKEY = tmp_path, False, True
    server = Valkey(tmp_path)
    if before:
        server.ensure()
    pid = server.status().pid or 0
    with ExitStack() as stack:
        session.start_servers(stack, Running(1), Running(2, servers={"valkey": pid} if left else {}))
        assert server.status().version
    assert (server.status().pid is not None) is after
    server.stop()


@pytest.mark.django_db
def test_what_is_wrong_with_the_store_is_told(tmp_path: Path, settings: Settings) -> None:
    settings.COURSE_STORE_PATH = tmp_path
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "course.json").write_text("{")
    with pytest.raises(session.DemoError, match=r"course\.json"):
        session.import_samples()
