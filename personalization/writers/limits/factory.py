"""Makes a model's limiter from the settings."""

import logging
import os
import secrets
import socket

from django.conf import settings

from personalization.writers.limits.address import limit_key
from personalization.writers.limits.base import Limiter
from personalization.writers.limits.config import read_model_limits
from personalization.writers.limits.limiter import ModelLimiter
from personalization.writers.limits.pacing import Pacing
from personalization.writers.limits.policy import Rules
from personalization.writers.limits.shared import Shared

log = logging.getLogger(__name__)


def make_limiter(model: str) -> Limiter:
    """For one event loop; close it on that loop. Needs no Redis to be there."""
    limits = read_model_limits(settings.MODEL_LIMITS)
    for problem in limits.problems:  # Celery's worker starts without Django's checks
        log.error("MODEL_LIMITS: %s: this entry limits nothing", problem)
    pacing = Pacing(Rules(limits.of(model)), _shared(model))
    return ModelLimiter(model, pacing)


def _shared(model: str) -> Shared | None:
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    try:
        return Shared(settings.REDIS_URL, limit_key(model), worker)
    except ValueError as error:
        log.warning("limits: %s: each worker keeps to a share of its own", error)
        return None
