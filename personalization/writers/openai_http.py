"""Bytes to a chat completions endpoint and back, by aiohttp alone.

The provider's client makes models of what is bytes here, through an HTTP layer of its own: it takes several
times the CPU for the same request, and a second to be imported. Retries belong to the queue, where they are
counted and paced.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi

from personalization.errors import RunBlocked, Transient
from personalization.writers.base import CALL, Call
from personalization.writers.openai_errors import BLOCKED, Refused, unanswered

CONNECT = 10.0  # seconds; a machine that is there takes none
# Shorter than servers keep a connection that nobody uses: a request that meets their end of it is lost.
KEEP_ALIVE = 4.0
# The longest answers, streamed with a hundred bytes for each word, have not half of it; what is longer comes
# from a broken endpoint or a hostile one, and there may be hundreds in flight.
MOST_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Response:
    """As it came, whole. `headers` are found in any case of letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class ChatCompletions:
    """For one event loop. `seconds`: a total deadline for a request, to the answer's last byte."""

    def __init__(self, *, api_key: str, base_url: str, seconds: float) -> None:
        self._key = api_key
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._seconds = seconds
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._proxy = _proxy_for(self._url)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Response:
        """The answer of whatever status. Raises a WriterError where none came, or none in time."""
        if not (self._key.isascii() and self._key.isprintable()):
            raise RunBlocked("http_401", BLOCKED[401])  # no header can carry it: not worth asking
        session = self._session = self._session or self._opened()
        call = CALL.get() or Call()
        data = _Body(body, call)
        try:
            # Headers of the session would go to a proxy too, and with them the key.
            sent = session.post(
                self._url, data=data, headers=self._headers, proxy=self._proxy, allow_redirects=False
            )
            async with sent as response:
                return Response(response.status, response.headers, await _whole(response))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise unanswered(error, sent=call.sent, seconds=self._seconds) from error

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=deadline(self._seconds),
            # How many are in flight is the worker's to say, and the limiter's.
            connector=aiohttp.TCPConnector(limit=0, ssl=_trusted(), keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
        )


class _Body(aiohttp.BytesPayload):
    """Notes when it goes out: once there is a connection."""

    def __init__(self, body: bytes, call: Call) -> None:
        super().__init__(body)
        self._call = call

    async def write_with_length(
        self, writer: aiohttp.abc.AbstractStreamWriter, content_length: int | None
    ) -> None:
        self._call.sent = True
        await super().write_with_length(writer, content_length)


def deadline(seconds: float) -> aiohttp.ClientTimeout:
    """Exact: of what is longer than five seconds the client would make whole ones, up to one more."""
    return aiohttp.ClientTimeout(
        total=seconds, sock_connect=min(CONNECT, seconds / 2), ceil_threshold=float("inf")
    )


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """What came, unpacked; its connection is closed where that is too much, and the rest not read."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > MOST_BYTES:
            said = f"the endpoint answered with more than {MOST_BYTES // 2**20} MB: is it one for chat?"
            raise Transient("too_large", said)
    return bytes(content)


def succeeded(response: Response) -> Response:
    """The same response; Refused where its status is no success."""
    if response.status >= 300:
        raise Refused(response.status, response.headers, response.content)
    return response


def _trusted() -> ssl.SSLContext:
    """What the system trusts, or SSL_CERT_FILE and SSL_CERT_DIR; a list of our own where there is neither."""
    context = ssl.create_default_context()
    # Authorities of a company's own are often made without the extensions that Python 3.13 began to ask for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    folder = ssl.get_default_verify_paths().capath
    if not context.cert_store_stats()["x509_ca"] and not (folder and any(Path(folder).iterdir())):
        context.load_verify_locations(certifi.where())
    return context


def _proxy_for(url: str) -> str | None:
    """By HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; looked up once, not by each request."""
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or "*" in proxies.get("no", "").split(",") or proxy_bypass(parts.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
