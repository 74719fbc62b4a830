"""Doorbells: tasks carry no data, the rows say what to do."""

from celery import shared_task

from personalization.services.drain import drain
from personalization.services.shutdown import stopping


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def wake() -> None:
    drain(stopping)
