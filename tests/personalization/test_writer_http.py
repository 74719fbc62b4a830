"""Bytes to an endpoint and back: through a proxy, and what a request that never left has cost."""

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from aiohttp.helpers import TimeoutHandle

from personalization.errors import Permanent, RunBlocked, Transient
from personalization.fake_model import RunningFakeModel
from personalization.writers.base import Usage
from personalization.writers.facts import Facts, other_way
from personalization.writers.openai_errors import Refused
from personalization.writers.openai_http import MOST_BYTES, ChatCompletions, Response, deadline, succeeded

KEY = "test-key"
ELSEWHERE = "http://endpoint.invalid/v1"


def post(base_url: str, seconds: float = 5) -> Response:
    async def posted() -> Response:
        http = ChatCompletions(api_key=KEY, base_url=base_url, seconds=seconds)
        try:
            return await http.post(b"{}")
        finally:
            await http.close()

    return asyncio.run(posted())


@pytest.fixture
def proxied(server: RunningFakeModel, monkeypatch: pytest.MonkeyPatch) -> RunningFakeModel:
    """The fake model stands where a proxy would, and counts what comes."""
    server.set(mode=None, fail=None, latency=0, lacks=None, seed=0)
    server.reset()
    monkeypatch.setenv("http_proxy", server.base_url.removesuffix("/v1"))
    monkeypatch.delenv("no_proxy", raising=False)
    return server


def test_a_proxy_of_the_environment_is_used(proxied: RunningFakeModel) -> None:
    assert post(ELSEWHERE).status == 400  # its own answer to a body without messages
    assert proxied.stats()["requests"] == 1


def test_what_needs_no_proxy_is_asked_without(
    proxied: RunningFakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "endpoint.invalid")
    with pytest.raises(Transient, match="not reachable") as failed:
        post(ELSEWHERE)
    assert failed.value.usage == Usage(reported=True), "it has cost nothing, for certain"
    assert proxied.stats()["requests"] == 0


@pytest.mark.parametrize(
    ("name", "value"), [("http_proxy", "{host}"), ("all_proxy", "http://{host}"), ("ALL_PROXY", "{host}")]
)
def test_a_proxy_may_be_said_in_every_usual_way(
    proxied: RunningFakeModel, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.delenv("http_proxy")
    monkeypatch.setenv(name, value.format(host=proxied.base_url.removesuffix("/v1").removeprefix("http://")))
    assert post(ELSEWHERE).status == 400


@pytest.mark.parametrize("exempt", ["*", "localhost,*", "endpoint.invalid:80", ".invalid"])
def test_hosts_without_a_proxy_may_be_said_too(
    proxied: RunningFakeModel, monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    monkeypatch.setenv("no_proxy", exempt)
    with pytest.raises(Transient, match="not reachable"):
        post(ELSEWHERE.replace(".invalid", ".invalid:80"))


@contextmanager
def answering(status: str) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers one request, and keeps what it heard: its address, and that."""
    heard: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening, listening.accept()[0] as client:
            heard.append(client.recv(65536))
            client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    server = threading.Thread(target=serve)
    server.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
    server.join()


def test_a_proxy_never_learns_the_key_and_its_refusal_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    with answering("502 Bad Gateway") as (proxy, heard):
        monkeypatch.setenv("https_proxy", proxy)
        with pytest.raises(Transient, match="not reachable") as failed:
            post("https://endpoint.invalid/v1")
    assert failed.value.usage == Usage(reported=True)
    assert heard[0].startswith(b"CONNECT endpoint.invalid:443")
    assert KEY.encode() not in heard[0]


@pytest.mark.parametrize(
    ("proxied_by", "cost"), [("http_proxy", None), ("https_proxy", Usage(reported=True))]
)
def test_a_request_that_gets_no_answer_in_time_costs_nothing_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch, proxied_by: str, cost: Usage | None
) -> None:
    """The proxy is silent: one way it has the request by then, the other way it makes no connection."""
    monkeypatch.delenv("no_proxy", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(proxied_by, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(Transient) as failed:
            post(f"{proxied_by.removesuffix('_proxy')}://endpoint.invalid/v1", seconds=0.2)
    assert (failed.value.code, failed.value.usage) == ("timeout", cost)


def test_without_encryption_the_proxy_gets_the_key_for_the_endpoint_and_none_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    with answering("502 Bad Gateway") as (proxy, heard):
        monkeypatch.setenv("http_proxy", proxy)
        assert post(ELSEWHERE).status == 502
    assert b"\r\nauthorization: bearer" in heard[0].lower()
    assert b"proxy-authorization" not in heard[0].lower()


def test_a_redirect_is_not_followed_with_what_learners_said() -> None:
    with answering("308 Permanent Redirect\r\nLocation: http://127.0.0.1:9/") as (address, _):
        response = post(f"{address}/v1")
    with pytest.raises(Refused):
        succeeded(response)


def test_headers_are_found_in_any_case(proxied: RunningFakeModel) -> None:
    headers = post(proxied.base_url).headers
    assert headers.get("content-type") == headers.get("Content-Type") == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (402, {}),
        (429, {"code": "insufficient_quota"}),
        (429, {"code": None, "type": "insufficient_quota"}),
        (400, {"code": "billing_hard_limit_reached"}),
        (403, {"type": "billing_not_active"}),
    ],
)
def test_money_that_is_used_up_pauses_the_run(status: int, error: dict[str, Any]) -> None:
    said = Refused(status, {}, json.dumps({"error": error}).encode()).as_writer_error()
    assert isinstance(said, RunBlocked)
    assert said.code == "quota"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 405])
def test_an_address_that_is_another_pauses_the_run(status: int) -> None:
    said = Refused(status, {}, b"").as_writer_error()
    assert isinstance(said, RunBlocked)
    assert said.code == f"http_{status}"
    assert "OPENAI_BASE_URL" in said.message


@pytest.mark.parametrize("body", ['[{"error": %s}]', '{"error": %s}', "[%s]", "%s"])
def test_an_error_is_read_in_whatever_it_is_wrapped(body: str) -> None:
    error = {"message": "Unsupported parameter: 'max_tokens'.", "code": "quota_exceeded"}
    refused = Refused(400, {}, (body % json.dumps(error)).encode())
    assert other_way(Facts(), 400, refused.error) == Facts(limit="max_completion_tokens")
    assert refused.as_writer_error().code == "quota"


@pytest.mark.parametrize(
    "error",
    [
        {"code": "json_validate_failed", "message": "The response_format was not kept."},
        {"message": "Failed to generate JSON. Please adjust your prompt: response_format"},
    ],
)
def test_an_answer_that_the_endpoint_itself_found_bad_is_asked_for_again(error: dict[str, str]) -> None:
    refused = Refused(400, {}, json.dumps({"error": error}).encode())
    said = refused.as_writer_error()
    assert isinstance(said, Transient)
    assert (said.code, said.reask) == ("bad_json", True)
    assert other_way(Facts(), 400, refused.error) is None, "the request was right"


def test_any_other_refusal_is_final() -> None:
    error = {"code": "invalid_request", "message": "The request could not be processed."}
    said = Refused(400, {}, json.dumps({"error": error}).encode()).as_writer_error()
    assert isinstance(said, Permanent)


@contextmanager
def pouring(head: str, piece: bytes, most: int) -> Iterator[tuple[str, list[int]]]:
    """A server that sends pieces for as long as somebody takes them: its address, and how many it sent."""
    sent: list[int] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening, listening.accept()[0] as client:
            client.recv(65536)
            client.sendall(f"HTTP/1.1 {head}\r\n\r\n".encode())
            with suppress(ConnectionError):
                while len(sent) < most:
                    client.sendall(piece)
                    sent.append(len(piece))

    server = threading.Thread(target=serve)
    server.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1", sent
    server.join()


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_an_answer_without_an_end_is_given_up_when_it_is_too_long(status: str) -> None:
    piece = b"x" * 2**20
    expected = pytest.raises(Transient, match="more than 8 MB")
    with pouring(status, piece, most=64) as (address, sent), expected as failed:
        post(address)
    assert (failed.value.code, failed.value.usage) == ("too_large", None)
    assert MOST_BYTES // 2**20 <= len(sent) < 64, "the rest is not read"


def test_an_answer_that_is_long_only_when_it_is_unpacked_is_given_up_too() -> None:
    packed = gzip.compress(bytes(2 * MOST_BYTES))
    head = f"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}"
    with pouring(head, packed, most=1) as (address, _), pytest.raises(Transient) as failed:
        post(address)
    assert failed.value.code == "too_large"


def test_the_longest_answer_comes_whole() -> None:
    head = f"200 OK\r\nContent-Length: {MOST_BYTES}"
    with pouring(head, b"x" * MOST_BYTES, most=1) as (address, _):
        assert len(post(address).content) == MOST_BYTES


def test_the_deadline_is_not_rounded_up() -> None:
    async def seconds_until(limit: float) -> float:
        timeout, loop = deadline(limit), asyncio.get_running_loop()
        handle = TimeoutHandle(loop, timeout.total, ceil_threshold=timeout.ceil_threshold).start()
        assert handle
        handle.cancel()
        return handle.when() - loop.time()

    for limit in (0.25, 5.01, 7.3, 60.5):
        assert asyncio.run(seconds_until(limit)) == pytest.approx(limit, abs=0.05)
