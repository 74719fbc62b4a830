"""Which of a worker's prepared jobs start next: the first of each lesson ahead of all others.

The others of a lesson wait for its first answer (writers.lesson_gate). Started in plain order they would hold
a worker's places for as long as that answer takes, once for each lesson. With more jobs prepared than there
are places (`Pace.ahead`), the next lesson's first one is answered before the present lesson's last start.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable

KEPT = 10_000  # lessons; of one that is forgotten a job goes ahead once more


class LessonOrder[Job]:
    """For one worker's drain. `lesson_of` says which lesson a job is of."""

    def __init__(self, lesson_of: Callable[[Job], Hashable]) -> None:
        self._lesson_of = lesson_of
        self._begun: OrderedDict[Hashable, None] = OrderedDict()

    def take(self, ready: list[Job], places: int, extra: int = 0) -> tuple[list[Job], list[Job], list[Job]]:
        """Lessons' first jobs and others that are next, as many as there are places, and what stays, in its
        order.

        `extra` places are there for lessons' first jobs only: where all answers take the same time, places
        become free all at once, and then it is too late to go ahead.
        """
        first: list[Job] = []
        others: list[Job] = []
        for job in ready:
            ahead = len(first) < places + extra and self._begins(job)
            (first if ahead else others).append(job)
        left = max(0, places - len(first))
        return first, others[:left], others[left:]

    def _begins(self, job: Job) -> bool:
        """Whether the job is the first of its lesson; from now on no other is."""
        lesson = self._lesson_of(job)
        if lesson in self._begun:
            return False
        self._begun[lesson] = None
        if len(self._begun) > KEPT:
            self._begun.popitem(last=False)
        return True
