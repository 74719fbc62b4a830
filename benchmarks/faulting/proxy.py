"""A TCP proxy in front of a server, steered by the process that runs it. Needs no rights and no Docker."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.faulting.links import Link, Mode, Side, Trap, Weather

HOST = "127.0.0.1"
PATIENCE_SECONDS = 10

type Upstream = Path | tuple[str, int]
"""A unix socket, or host and port."""


def _nothing() -> None:
    return None


class Proxy:
    """Clients connect to `port`. What happens to them happens in a thread of its own."""

    def __init__(self, upstream: Upstream, loop: asyncio.AbstractEventLoop) -> None:
        self.upstream = upstream
        self._loop = loop
        self._weather = Weather()
        self._traps: list[Trap] = []
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._door: socket.socket | None = None
        # Bound and not listening: while nobody listens, clients are refused and nobody else gets the port.
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]
        self.accepted = 0

    def set(self, mode: Mode, **figures: float) -> int:
        """From now on this happens to connections. How many there were at this moment, dead ones aside."""
        return self._there(self._change(replace(Weather(mode), **figures)))  # type: ignore[arg-type]

    def trap(self, trigger: bytes, mode: Mode = Mode.PASS, then: Callable[[], None] = _nothing) -> Trap:
        """Once, to the first connection that sends these bytes: they are passed on, then this happens."""
        trap = Trap(trigger, mode, then)
        self._traps.append(trap)
        return trap

    async def start(self) -> None:
        # Not asyncio's server: who comes at the moment when it closes leaves it in disorder.
        self._door = door = _bound(self.port)
        door.setblocking(False)
        door.listen(100)
        # Nor a task that waits for them: one that is cancelled at that moment drops who has come.
        self._loop.add_reader(door, self._let_in, door)

    async def stop(self) -> None:
        self._refuse()
        await asyncio.sleep(0)  # those that have just come begin, or nobody would close their connections
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._place.close()

    def _let_in(self, door: socket.socket) -> None:
        with suppress(BlockingIOError, ConnectionError):  # who came has left again
            client, _ = door.accept()
            client.setblocking(False)
            self.accepted += 1
            task = self._loop.create_task(self._serve(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _refuse(self) -> None:
        if self._door is not None:
            self._loop.remove_reader(self._door)
            self._door.close()
            self._door = None

    async def _change(self, weather: Weather) -> int:
        links = [link for link in self._links if not link.dead]
        # A zombie is what was open already; who comes now is served.
        self._weather = Weather() if weather.mode == Mode.ZOMBIE else weather
        for link in links:
            link.meet(weather)
        if weather.mode == Mode.DOWN:
            self._refuse()
        elif self._door is None:
            await self.start()
        return len(links)

    async def _serve(self, connection: socket.socket) -> None:
        try:
            client = Side(*await asyncio.open_connection(sock=connection))
        except BaseException:
            connection.close()
            raise
        try:
            await self._joined(client)
        finally:
            await client.end()

    async def _joined(self, client: Side) -> None:
        if self._weather.mode == Mode.RESET:
            client.reset()
            return
        if self._weather.mode == Mode.BLACKHOLE:
            with suppress(OSError):
                while await client.read():
                    pass
            return
        try:
            server = Side(*await _connected(self.upstream))
        except OSError:  # then the client's connection ends, as behind any proxy
            return
        link = Link(client, server, self._weather, self._traps)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            await server.end()

    def _there[T](self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result, done in the proxy's thread: nothing of it is locked."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)


def _bound(port: int) -> socket.socket:
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind((HOST, port))
    return place


async def _connected(upstream: Upstream) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(upstream, Path):
        return await asyncio.open_unix_connection(str(upstream))
    return await asyncio.open_connection(*upstream)


@contextmanager
def running_proxy(upstream: Upstream) -> Iterator[Proxy]:
    """A proxy on a free port of this machine, ended with all its connections at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    proxy = Proxy(upstream, loop)
    try:
        asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(PATIENCE_SECONDS)
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_SECONDS)
        loop.close()
