"""The endpoint as a server that starts and stops."""

import errno
from typing import Self

from aiohttp import web

from personalization.fake_model.engine import Engine
from personalization.fake_model.handlers import Handlers
from personalization.fake_model.options import Options

# A prompt with a transcript of an hour is about 0.2 MB.
_MOST_BYTES = 4 * 1024 * 1024
# What is still in flight at the end is cut off: hanging requests would never end.
_STOP_SECONDS = 0.1
_BACKLOG = 1024


class ListenError(OSError):
    """The address is taken or not this machine's; the message says what to do."""


class FakeModel:
    """A model endpoint. `base_url` is what OPENAI_BASE_URL wants, once it is started.

    Use it as `async with FakeModel(Options(...)) as model:`, or with start and stop.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.engine = Engine(options or Options())
        self.base_url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> Self:
        """The server, listening; port 0 takes a free one. ListenError when the address cannot be used."""
        app = web.Application(client_max_size=_MOST_BYTES)
        app.add_routes(Handlers(self.engine).routes())
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=_STOP_SECONDS
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
        except (OSError, OverflowError) as error:
            await runner.cleanup()
            raise _cannot_listen(error, host, port) from None
        self._runner = runner
        bound = runner.addresses[0]
        self.base_url = f"http://{_in_url(host)}:{bound[1]}/v1"
        return self

    async def stop(self) -> None:
        """All connections are closed; the counters can still be read."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _cannot_listen(error: OSError | OverflowError, host: str, port: int) -> ListenError:
    if isinstance(error, OverflowError):
        return ListenError(f"port {port} does not exist: 0 to 65535 are possible")
    if error.errno == errno.EADDRINUSE:
        return ListenError(f"port {port} on {host} is taken: stop what uses it, or choose another --port")
    return ListenError(f"cannot listen on {host} port {port}: {error.strerror or error}")
