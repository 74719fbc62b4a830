"""celery -A tests.personalization.hanging_worker: once, its writer falls into a loop that never ends.

Not what waits for an answer: that has its own deadline. The event loop hangs, while the heartbeat's thread
goes on and keeps the leases.
"""

import os
from pathlib import Path

from persona_site.celery import app  # sets Django up; must stay first

# isort: split
from personalization.brief import Brief
from personalization.writers.base import Draft
from personalization.writers.simple import SimpleWriter

__all__ = ["app"]

app.conf.task_time_limit = float(os.environ["HARD_LIMIT_SECONDS"])
HUNG = Path(os.environ["HUNG_FILE"])
_write = SimpleWriter.write


def hang_once() -> None:
    if not HUNG.exists():
        HUNG.touch()
        while True:
            pass


async def write(self: SimpleWriter, brief: Brief, complaint: str = "") -> Draft:
    hang_once()
    return await _write(self, brief, complaint)


SimpleWriter.write = write  # type: ignore[method-assign]
