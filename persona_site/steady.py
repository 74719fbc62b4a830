"""How a worker comes back to a broker that was away."""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection


class SteadyConnection(Connection):  # type: ignore[misc]
    """Tries again every two seconds. By default the pauses grow: after a minute without a broker, a worker
    would be deaf for up to 16 seconds more."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Connection:
        return super().ensure_connection(*args, **{"interval_start": 2, "interval_step": 0, **kwargs})


class SteadyAMQP(AMQP):  # type: ignore[misc]
    Connection = SteadyConnection
