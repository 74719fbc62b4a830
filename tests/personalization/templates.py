"""Runs that write lessons' standard descriptions, for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from courses.models import Course, Lesson
from personalization.models import GenerationItem, GenerationRun
from personalization.services.template_runs import start_template_run

SAID = (
    "Садитесь прямо и опустите плечи. Тёплые ладони положите на шею и держите две минуты. "
    "Если станет больно, сразу остановитесь. На сам позвоночник никогда не давите. "
    "Приготовьте полотенце и немного масла. Повторяйте дома каждый вечер, лучше всего перед сном. "
)


def start(store: Path | None = None, **choices: Any) -> GenerationRun:
    """A run for all lessons of all courses; `store`: of all of them."""
    stores: Mapping[UUID, str] = {}
    if store:
        stores = dict.fromkeys(Course.objects.values_list("pk", flat=True), str(store))
    lessons = list(Lesson.objects.order_by("lesson_number").values_list("pk", flat=True))
    return start_template_run(lessons=lessons, stores=stores, **choices).run


def ended(run: GenerationRun) -> list[tuple[int, str, str]]:
    """(lesson, state, error) of the run's items."""
    items = GenerationItem.objects.filter(run=run).order_by("lesson__lesson_number")
    return list(items.values_list("lesson__lesson_number", "state", "error_code"))
