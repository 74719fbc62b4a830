"""Bytes to a chat completions endpoint and back: the library's transport, without its client.

The client takes twice the CPU for the same request, as it makes models of what is bytes here. Retries belong
to the queue, where they are counted and paced.
"""

import asyncio

import aiohttp
import httpx2
from openai import DefaultAioHttpClient

from personalization.errors import RunBlocked, Transient
from personalization.writers.openai_errors import BLOCKED, Refused, unanswered


class ChatCompletions:
    """For one event loop. `seconds`: a total deadline for a request; those of a socket count per read."""

    def __init__(self, *, api_key: str, base_url: str, seconds: float) -> None:
        self._key = api_key
        self._seconds = seconds
        self._http = DefaultAioHttpClient(timeout=seconds)
        self._url = httpx2.URL(f"{base_url.rstrip('/')}/chat/completions")

    async def post(self, body: bytes) -> httpx2.Response:
        """The answer of whatever status. Raises a WriterError where none came, or none in time."""
        if not (self._key.isascii() and self._key.isprintable()):
            raise RunBlocked("http_401", BLOCKED[401])  # no header can carry it: not worth asking
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = self._http.build_request("POST", self._url, content=body, headers=headers)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._http.send(request)
        except TimeoutError as error:
            raise Transient("timeout", f"no whole answer within {self._seconds:g} s") from error
        except (httpx2.HTTPError, aiohttp.ClientError) as error:
            raise unanswered(error) from error

    async def close(self) -> None:
        await self._http.aclose()


def succeeded(response: httpx2.Response) -> httpx2.Response:
    """The same response; Refused where its status is no success."""
    if response.status_code >= 300:
        raise Refused(response.status_code, response.headers, response.content)
    return response
