"""What `manage.py embedded` says about the servers."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from persona_site.embedded.postgres import Postgres
from persona_site.embedded.server import Server, Status
from persona_site.embedded.valkey import Valkey


@dataclass(frozen=True, slots=True)
class ServerReport:
    """One server: `elsewhere` is the host that the settings name instead of the embedded one, if they do."""

    name: str
    setting: str
    elsewhere: str | None
    status: Status

    @property
    def missing(self) -> bool:
        """Whether the project needs this embedded server and it does not serve."""
        return self.elsewhere is None and self.status.version is None

    def lines(self) -> list[str]:
        """What to print, without any password."""
        if self.elsewhere is not None and self.status.pid is None:
            return [f"{self.name}: not embedded, {self.setting} names {self.elsewhere}"]
        unused = f", unused: {self.setting} names {self.elsewhere}" if self.elsewhere is not None else ""
        size = f"{self.status.size / 1e6:.1f} MB"
        return [
            f"{self.name}: {self._state()}{unused}",
            f"  address  {self.status.address}",
            f"  data     {self.status.folder} ({size})",
        ]

    def _state(self) -> str:
        if self.status.pid is None:
            return "not running"
        state = f"running, version {self.status.version}" if self.status.version else "not answering"
        return f"{state}, pid {self.status.pid}"


def servers(only: str | None = None) -> list[Server]:
    """The embedded servers of this project, or the one named `postgres` or `valkey`."""
    both: list[Server] = [Postgres(settings.VAR), Valkey(settings.VAR)]
    return [server for server in both if only in (None, server.slug)]


def report(server: Server) -> ServerReport:
    """Starts nothing. Raises EmbeddedServerError where the server's address belongs to another user."""
    return ServerReport(server.name, server.setting, _elsewhere(server), server.status())


def _elsewhere(server: Server) -> str | None:
    if isinstance(server, Postgres):
        host = settings.DATABASES["default"].get("HOST")
        return None if settings.EMBEDDED_POSTGRES else str(host or "a local socket")
    return None if settings.EMBEDDED_VALKEY else urlsplit(settings.REDIS_URL).hostname or "a local socket"
