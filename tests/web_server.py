"""The real web server as in production, and a proxy before it that is us."""

import http.client
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from persona_site.demo.web import HOST, first_free
from tests.forked import ROOT
from tests.processes import Environment, until

NAME = "persona.example"  # as in PRODUCTION


@dataclass
class Answer:
    status: int
    text: str
    headers: dict[str, str]


@dataclass
class WebServer:
    env: Environment
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = first_free(18_000)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 closed by stop
        options = ["--interface", "wsgi", "--no-ws", "--host", HOST, "--port", str(self.port)]
        options += ["--blocking-threads", "2", "--workers-kill-timeout", "3"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "granian", *options, "persona_site.wsgi:application"],
            cwd=ROOT,
            env=self.env,
            stdout=self._log,
            stderr=self._log,
        )
        try:
            until(self._answers, "the web server answers")
        except BaseException:
            self.stop()
            raise

    def ask(
        self, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """As a proxy asks that has taken off the https; the form is sent by POST."""
        sent = {
            "Host": NAME,
            "X-Forwarded-Proto": "https",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **(headers or {}),
        }
        body = None
        if form is not None:
            body = urlencode(form)
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{NAME}"}
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request("GET" if form is None else "POST", path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
        finally:
            connection.close()

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def stop(self) -> str:
        """A polite stop, then the log."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        with self._log:
            return self.log()

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        with suppress(OSError, http.client.HTTPException):
            return self.ask("/healthz").status == 200
        return False
