"""One connection through the proxy, and everything that a network can do to it."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

CHUNK = 65_536  # bytes
# A server finds out by its keepalive that a client is gone; a dead connection of ours ends so much later.
LINGER_SECONDS = 5.0
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close() sends RST


class Mode(StrEnum):
    """What happens to connections; the figures are in Weather."""

    PASS = "pass"  # noqa: S105 no password
    DOWN = "down"  # what is open ends, and nobody listens
    RESET = "reset"  # RST for what is open and for whoever comes
    BLACKHOLE = "blackhole"  # everything is taken, nothing passed on or closed; what it met stays dead
    HALF = "half"  # half of the next reply arrives, then RST
    LATENCY = "latency"  # each packet comes late
    SLICE = "slice"  # packets of a few bytes
    LIMIT = "limit"  # few bytes a second
    ZOMBIE = "zombie"  # what is open is dead for ever and never closed; new connections are fine


@dataclass(frozen=True, slots=True)
class Weather:
    """The mode, and the figures of those modes that have one."""

    mode: Mode = Mode.PASS
    latency: float = 0.1  # seconds
    piece: int = 7  # bytes
    rate: int = 20_000  # bytes a second


class Trap:
    """For the first connection that sends `trigger`: once these bytes are on their way, its weather changes,
    and `then` is called, which must return at once."""

    def __init__(self, trigger: bytes, mode: Mode, then: Callable[[], None]) -> None:
        self.trigger = trigger
        self.mode = mode
        self.then = then
        self.sprung = 0

    def springs(self, data: bytes) -> bool:
        hit = not self.sprung and self.trigger in data
        self.sprung += hit
        return hit


class Side:
    """One end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")
        if self._socket.family != socket.AF_UNIX:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def read(self) -> bytes:
        """What came, b"" at the end."""
        return await self._reader.read(CHUNK)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """What was written still arrives."""
        self._writer.close()

    def reset(self) -> None:
        """An end that the other side sees as "connection reset by peer"."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._writer.transport.abort()

    async def end(self) -> None:
        """Closed and gone; what does not leave within a second is thrown away."""
        self.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 1)
        self._writer.transport.abort()


class Link:
    """A client's connection to the server. `dead`: it takes what comes and passes nothing on, for ever."""

    def __init__(self, client: Side, server: Side, weather: Weather, traps: list[Trap]) -> None:
        self._client = client
        self._server = server
        self._weather = weather
        self._traps = traps
        self.dead = False

    async def run(self) -> None:
        """Until one side ends."""
        ways = [asyncio.create_task(self._to_server()), asyncio.create_task(self._to_client())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if self.dead:
                await asyncio.sleep(LINGER_SECONDS)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def meet(self, weather: Weather) -> None:
        """From now on this happens to the connection."""
        self._weather = weather
        match weather.mode:
            case Mode.RESET:
                self._reset()
            case Mode.DOWN:
                self._client.close()
                self._server.close()
            case Mode.ZOMBIE:
                self.dead = True

    def _reset(self) -> None:
        self._client.reset()
        self._server.reset()

    async def _to_server(self) -> None:
        with suppress(OSError):
            while data := await self._client.read():
                await self._pass(data, self._server)
                for trap in self._traps:
                    if trap.springs(data):
                        self.meet(Weather(trap.mode))
                        trap.then()

    async def _to_client(self) -> None:
        with suppress(OSError):
            while data := await self._server.read():
                if self._weather.mode == Mode.HALF and not self.dead:
                    await self._client.write(data[: len(data) // 2])
                    self._reset()
                    return
                await self._pass(data, self._client)
            if self.dead:
                await asyncio.Event().wait()  # the client is not told that the server is gone

    async def _pass(self, data: bytes, side: Side) -> None:
        weather = self._weather
        self.dead |= weather.mode == Mode.BLACKHOLE
        if self.dead:
            return
        if weather.mode == Mode.LATENCY:
            await asyncio.sleep(weather.latency)
        piece = {Mode.SLICE: weather.piece, Mode.LIMIT: weather.rate // 20}.get(weather.mode, len(data))
        for start in range(0, len(data), piece):
            await side.write(data[start : start + piece])
            if weather.mode in (Mode.SLICE, Mode.LIMIT):
                await asyncio.sleep(0.05 if weather.mode == Mode.LIMIT else 0)
