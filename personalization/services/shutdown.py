"""Lets a worker's parent tell its pool children to stop: an event made before the fork is shared by them.

Celery stops a child only between tasks, and a drain is one long task.
"""

import multiprocessing

_event = multiprocessing.get_context("fork").Event()


def stop() -> None:
    _event.set()


def stopping() -> bool:
    return _event.is_set()
