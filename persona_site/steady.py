"""How a worker comes back to a broker that was away."""

from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection


class SteadyConnection(Connection):
    """Tries again every two seconds. By default the pauses grow: after a minute without a broker, a worker
    would be deaf for up to 16 seconds more."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Connection:
        paced = {"interval_start": 2, "interval_step": 0, **kwargs}
        connection: Connection = super().ensure_connection(*args, **paced)  # type: ignore[no-untyped-call]
        return connection


class SteadyAMQP(AMQP):  # type: ignore[misc]
    Connection = SteadyConnection
