"""The network that breaks on demand does what it says: an echo server behind it tells."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.faulting.links import Mode
from benchmarks.faulting.proxy import HOST, Proxy, running_proxy

TEXT = b"what was sent, and what comes back"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1000):
            writer.write(data)
    finally:
        writer.close()


async def end(server: asyncio.Server) -> None:
    """No connection stays open for the garbage collector to complain of."""
    server.close()
    connections = asyncio.all_tasks() - {asyncio.current_task()}
    for connection in connections:
        connection.cancel()
    await asyncio.gather(*connections, return_exceptions=True)
    await asyncio.sleep(0)  # transports close in the loop's next round


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server on a unix socket that says back what it is told."""
    path = tmp_path_factory.mktemp("echo") / "socket"
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_unix_server(echo, path), loop).result(5)
    yield path
    asyncio.run_coroutine_threadsafe(end(server), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def proxy(upstream: Path) -> Iterator[Proxy]:
    with running_proxy(upstream) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connected(proxy) as client:
        assert said_back(client) == TEXT
        yield client


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout=5)


def said_back(client: socket.socket, wait: float = 5) -> bytes:
    """What comes back of TEXT; b"" where the connection ends first, TimeoutError where nothing comes."""
    client.settimeout(wait)
    client.sendall(TEXT)
    said = b""
    while len(said) < len(TEXT) and (more := client.recv(1000)):
        said += more
    return said


def before_the_reset(client: socket.socket) -> bytes:
    """What still comes before the connection is reset."""
    said = b""
    try:
        while more := client.recv(1000):
            said += more
    except ConnectionResetError:
        return said
    raise AssertionError("the connection ended in order")


def test_down_ends_what_is_open_and_refuses_who_comes(proxy: Proxy, client: socket.socket) -> None:
    assert proxy.set(Mode.DOWN) == 1
    assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.set(Mode.PASS)
    with connected(proxy) as later:
        assert said_back(later) == TEXT


def test_reset_is_told_as_such(proxy: Proxy, client: socket.socket) -> None:
    proxy.set(Mode.RESET)
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_black_hole_closes_nothing_and_what_it_met_never_comes_back(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.set(Mode.BLACKHOLE)
    with pytest.raises(TimeoutError):
        said_back(client, wait=0.1)
    with connected(proxy) as later, pytest.raises(TimeoutError):
        said_back(later, wait=0.1)
    proxy.set(Mode.PASS)
    with pytest.raises(TimeoutError):
        said_back(client, wait=0.1)
    with connected(proxy) as later:
        assert said_back(later) == TEXT


def test_zombies_are_dead_for_ever_and_who_comes_is_served(proxy: Proxy, client: socket.socket) -> None:
    assert proxy.set(Mode.ZOMBIE) == 1
    with pytest.raises(TimeoutError):
        said_back(client, wait=0.1)
    with connected(proxy) as later:
        assert said_back(later) == TEXT
    assert proxy.set(Mode.PASS) <= 1, "a zombie is not counted among the living"


def test_half_an_answer_and_then_the_end(proxy: Proxy, client: socket.socket) -> None:
    proxy.set(Mode.HALF)
    client.sendall(TEXT)
    assert before_the_reset(client) == TEXT[: len(TEXT) // 2]


def test_a_trap_springs_once_for_whoever_sends_its_bytes(proxy: Proxy, client: socket.socket) -> None:
    trap = proxy.trap(b"COMMIT", Mode.HALF)
    assert said_back(client) == TEXT
    client.sendall(b"COMMIT")
    assert before_the_reset(client) == b"COM"
    assert trap.sprung == 1
    with connected(proxy) as later:
        later.sendall(b"COMMIT")
        assert later.recv(1000) == b"COMMIT"


@pytest.mark.parametrize(
    ("mode", "figures", "least"),
    [(Mode.LATENCY, {"latency": 0.05}, 0.1), (Mode.LIMIT, {"rate": 100}, 0.1), (Mode.SLICE, {"piece": 3}, 0)],
)
def test_a_bad_line_is_slow_and_loses_nothing(
    proxy: Proxy, client: socket.socket, mode: Mode, figures: dict[str, float], least: float
) -> None:
    proxy.set(mode, **figures)
    began = time.monotonic()
    assert said_back(client) == TEXT
    assert time.monotonic() - began >= least


def test_without_a_server_the_connection_ends(tmp_path: Path) -> None:
    with running_proxy(tmp_path / "nobody") as proxy, connected(proxy) as client:
        assert client.recv(1) == b""
