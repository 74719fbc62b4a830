"""Django's PostgreSQL engine, which starts the embedded server when a connection finds none."""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from django.db.utils import OperationalError
from django.utils.asyncio import async_unsafe

from persona_site.embedded.errors import EmbeddedServerError
from persona_site.embedded.postgres import Postgres


class DatabaseWrapper(base.DatabaseWrapper):
    """Every way in (web, worker, command, test) starts and heals the server; the settings start nothing."""

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection. Raises Django's OperationalError with one line where there can be no server."""
        server = Postgres(settings.VAR)
        try:
            server.check_address()
            try:
                return super().get_new_connection(conn_params)
            except self.Database.OperationalError:
                server.ensure()
        except EmbeddedServerError as error:
            raise OperationalError(str(error)) from error
        return super().get_new_connection(conn_params)
