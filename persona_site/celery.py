"""The Celery application. Its queue carries doorbells only: losing the broker loses nothing."""

import gc
import logging
import os
from typing import Any

import django
from celery import Celery, bootsteps
from celery.signals import setup_logging, worker_init, worker_process_init, worker_shutting_down
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# The worker's command imports this module first, and what follows needs the models.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
try:
    django.setup()
except ImproperlyConfigured as error:
    raise SystemExit(f"Wrong settings: {error}") from None

from persona_site.doorbell import ring
from persona_site.embedded.valkey import Valkey
from persona_site.steady import SteadyAMQP
from personalization.services.shutdown import stop
from personalization.services.silence import end_silence
from personalization.sweeper import Sweeper

end_silence()  # a dead socket must not hold a worker

GC_THRESHOLD = 20_000  # new objects; Python's own is 2,000 at most

app = Celery("persona", amqp=SteadyAMQP)
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Without these a silently dead socket leaves a worker deaf for ever (5 of 5 tries). With them it hears
    # again after 1 + 2 × health_check_interval seconds, and socket_timeout for each other dead connection.
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 4,
    },
    task_default_queue="persona",
    task_acks_late=False,
    task_ignore_result=True,
    result_backend=None,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=500,
    worker_soft_shutdown_timeout=20,
    accept_content=["json"],
    task_publish_retry_policy={
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    # A drain ends by itself; a hung one is ended by force. What still waits for its turn when a call's time
    # has passed since the drain's is put back, and what was sent until then ends within another.
    task_time_limit=settings.GENERATION_DRAIN_SECONDS + 5 * settings.GENERATION_CALL_SECONDS + 15,
)
app.autodiscover_tasks(["personalization"])


class SweeperStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Each worker sweeps; there is no leader that could be missing."""

    requires = {"celery.worker.components:Pool"}

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.sweeper: Sweeper | None = None

    def start(self, parent: Any) -> None:
        self.sweeper = Sweeper(lambda: ring(app), pool=parent.concurrency)
        self.sweeper.start()

    def stop(self, parent: Any) -> None:
        if self.sweeper:
            self.sweeper.stop()

    terminate = stop


app.steps["worker"].add(SweeperStep)


@setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
def keep_our_logging(loglevel: int | None, **_: Any) -> None:
    """In the place of Celery's own handlers and formats, in the worker and in each of its children."""
    if loglevel:
        logging.getLogger().setLevel(loglevel)


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def start_broker(**_: Any) -> None:
    if settings.EMBEDDED_VALKEY:
        Valkey(settings.VAR).ensure()


@worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]
def collect_seldom(**_: Any) -> None:
    """What the libraries made when they were loaded stays for good, and hundreds of requests in flight are no
    garbage: looking through both all the time took a twentieth of a child's CPU."""
    gc.collect()  # or what is garbage already would stay for good too
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 10, 10)


@worker_shutting_down.connect(weak=False)  # type: ignore[untyped-decorator]
def stop_draining(**_: Any) -> None:
    stop()
