"""The address of a demo."""

import errno
import http.client
import socket

HOST = "127.0.0.1"
TRIED_PORTS = 20


class NoPortError(Exception):
    """No port to listen on; the text says why."""


def first_free(port: int) -> int:
    """The first port from `port` on that nobody uses. Raises NoPortError after 20, or where it may not."""
    last = min(port + TRIED_PORTS, 65536) - 1
    for candidate in range(port, last + 1):
        if _free(candidate):
            return candidate
    raise NoPortError(f"All ports from {port} to {last} are taken: name another with PORT.")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server will do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise NoPortError(f"Port {port}: {error.strerror}. Name another with PORT.") from error
    return True


def status(port: int, path: str) -> int | None:
    """The status with which the page answers within 5 s, None where it does not."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
