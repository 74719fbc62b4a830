"""Bytes to an endpoint and back: through a proxy, and what a request that never left has cost."""

import asyncio

import pytest

from personalization.errors import Transient
from personalization.fake_model import RunningFakeModel
from personalization.writers.base import Usage
from personalization.writers.openai_http import ChatCompletions, Response

ELSEWHERE = "http://endpoint.invalid/v1"


def post(base_url: str) -> Response:
    async def posted() -> Response:
        http = ChatCompletions(api_key="none", base_url=base_url, seconds=5)
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


def test_headers_are_found_in_any_case(proxied: RunningFakeModel) -> None:
    headers = post(proxied.base_url).headers
    assert headers.get("content-type") == headers.get("Content-Type") == "application/json; charset=utf-8"
