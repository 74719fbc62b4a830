"""Wakes workers through the broker. A lost message costs nothing: the next sweep rings again."""

import logging
from typing import Any

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from persona_site.embedded.errors import EmbeddedServerError
from persona_site.embedded.valkey import Valkey
from personalization.tasks import wake

log = logging.getLogger(__name__)
MOST_WAITING = 2  # messages; more would only wake workers that find nothing


def ring(app: Celery) -> None:
    """Sends a wake-up unless enough of them wait already. A broker that is gone is logged, never raised."""
    try:
        if settings.EMBEDDED_VALKEY:
            Valkey(settings.VAR).ensure()
        with app.connection_for_write(transport_options=_impatient(app)) as broker:
            waiting = broker.default_channel.client.llen(app.conf.task_default_queue)
            if waiting < MOST_WAITING:
                wake.apply_async(connection=broker)
    except (OperationalError, RedisError, OSError, EmbeddedServerError) as error:
        address = app.connection_for_write().as_uri()  # without the password
        log.warning("the broker at %s is not reachable (%s); trying again", address, type(error).__name__)


def _impatient(app: Celery) -> dict[str, Any]:
    # By default it would try for 6 s, and the sweeper wait for it.
    return {**app.conf.broker_transport_options, "max_retries": 1, "interval_start": 0, "interval_step": 0.1}
