from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Known:
    """A lesson of the database: its course, by slug, and its number there."""

    slug: str
    number: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database knows before an import: languages by course slug, lessons by id."""

    languages: Mapping[str, str]
    lessons: Mapping[UUID, Known]

    def numbers(self, slug: str) -> dict[UUID, int]:
        """The lessons of one course: id → number."""
        return {lesson: known.number for lesson, known in self.lessons.items() if known.slug == slug}
