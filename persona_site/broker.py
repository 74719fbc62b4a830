"""The broker as redis-py reaches it; a web request asks it nothing but whether it is there."""

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from personalization.writers.limits.address import client_url


def broker_problem(seconds: float) -> str | None:
    """Why the broker does not answer, without its address; None where it does.

    Takes 2 × `seconds` at most.
    """
    once = Retry(NoBackoff(), 0)
    try:
        address = client_url(settings.REDIS_URL)
        with Redis.from_url(
            address, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once
        ) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        return f"it does not answer ({type(error).__name__})"
    return None
