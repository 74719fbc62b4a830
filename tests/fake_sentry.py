"""A Sentry server of our own: it keeps what clients send, whole, to be looked at and searched."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeSentry:
    """`bodies`: each envelope that came, as text."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                packed = self.headers.get("Content-Encoding") == "gzip"
                outer.bodies.append((gzip.decompress(body) if packed else body).decode())
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 its own name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server.server_port}/1"

    def events(self) -> list[dict[str, Any]]:
        """What was reported, in the order in which it came. (Lines of an envelope: its head, then pairs.)"""
        found = []
        for body in self.bodies:
            lines = body.splitlines()[1:]
            pairs = zip(lines[::2], lines[1::2], strict=False)
            found += [json.loads(item) for head, item in pairs if json.loads(head).get("type") == "event"]
        return found


@contextmanager
def fake_sentry() -> Iterator[FakeSentry]:
    sentry = FakeSentry()
    thread = threading.Thread(target=sentry.server.serve_forever, name="fake-sentry", daemon=True)
    thread.start()
    try:
        yield sentry
    finally:
        sentry.server.shutdown()
        sentry.server.server_close()
        thread.join(10)
