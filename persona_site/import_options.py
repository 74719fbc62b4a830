"""What an import is told beside the store and the courses."""

from dataclasses import dataclass
from enum import StrEnum

from courses.errors import InvalidInput, Problem
from persona_site.store_prune import Confirm


class Only(StrEnum):
    LESSONS = "lessons"
    LEARNERS = "learners"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """`strict`: a warning refuses the import. `prune`: delete what the store does not hold, once agreed to.

    Raises InvalidInput where two options forbid each other.
    """

    only: Only | None = None
    strict: bool = False
    prune: Confirm | None = None

    def __post_init__(self) -> None:
        if self.prune and self.only is Only.LEARNERS:
            message = (
                "--prune deletes lessons, and --only learners leaves them alone: leave out one of the two"
            )
            raise InvalidInput([Problem("", "", message)])

    @property
    def with_lessons(self) -> bool:
        return self.only is not Only.LEARNERS

    @property
    def with_learners(self) -> bool:
        return self.only is not Only.LESSONS


PLAIN = ImportOptions()
