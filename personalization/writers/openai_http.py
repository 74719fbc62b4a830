"""Bytes to a chat completions endpoint and back, by aiohttp alone.

The provider's client makes models of what is bytes here, through an HTTP layer of its own: it takes several
times the CPU for the same request, and a second to be imported. Retries belong to the queue, where they are
counted and paced.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi

from personalization.errors import RunBlocked, Transient
from personalization.writers.openai_errors import BLOCKED, Refused, unanswered

CONNECT = 10.0  # seconds; a machine that is there takes none


@dataclass(frozen=True, slots=True)
class Response:
    """As it came, whole. `headers` are found in any case of letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class ChatCompletions:
    """For one event loop. `seconds`: a total deadline for a request."""

    def __init__(self, *, api_key: str, base_url: str, seconds: float) -> None:
        self._key = api_key
        self._seconds = seconds
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._proxy = _proxy_for(self._url)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Response:
        """The answer of whatever status. Raises a WriterError where none came, or none in time."""
        if not (self._key.isascii() and self._key.isprintable()):
            raise RunBlocked("http_401", BLOCKED[401])  # no header can carry it: not worth asking
        session = self._session = self._session or self._opened()
        try:
            async with session.post(self._url, data=body, proxy=self._proxy) as response:
                return Response(response.status, response.headers, await response.read())
        except aiohttp.ClientError as error:
            raise unanswered(error) from error
        except TimeoutError as error:
            raise Transient("timeout", f"no whole answer within {self._seconds:g} s") from error

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=self._seconds, sock_connect=min(CONNECT, self._seconds)),
            # How many are in flight is the worker's to say, and the limiter's.
            connector=aiohttp.TCPConnector(limit=0, ssl=_trusted()),
            cookie_jar=aiohttp.DummyCookieJar(),
        )


def succeeded(response: Response) -> Response:
    """The same response; Refused where its status is no success."""
    if response.status >= 300:
        raise Refused(response.status, response.headers, response.content)
    return response


def _trusted() -> ssl.SSLContext:
    """The system's certificate authorities, SSL_CERT_FILE's, and a list for a system that has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _proxy_for(url: str) -> str | None:
    """By HTTPS_PROXY, HTTP_PROXY and NO_PROXY; looked up once, not by each request."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
