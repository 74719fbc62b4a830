"""Lets a worker's parent tell its pool children to stop: memory made before the fork is shared by them.

Celery stops a child only between tasks, and a drain is one long task. A plain byte, without a lock: a child
killed while it holds a lock would leave it locked for all others.
"""

import multiprocessing

_stop = multiprocessing.get_context("fork").RawValue("b", 0)


def stop() -> None:
    _stop.value = 1


def stopping() -> bool:
    return bool(_stop.value)
