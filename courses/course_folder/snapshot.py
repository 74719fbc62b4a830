from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Known:
    """A lesson of the database: its course, by slug, its number there, and what tells whether it differs.

    `description`: the hash of its standard description; None: it has none.
    """

    slug: str
    number: int
    source_hash: str = ""
    summary: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """What the database knows before an import: languages by course slug, lessons by id.

    leaving: lessons that the store does not hold are to be deleted, so that their numbers are free.
    moving: lessons whose description is saved and stands in its file within a moment: which of the two an
    import reads there is luck.
    """

    languages: Mapping[str, str]
    lessons: Mapping[UUID, Known]
    leaving: bool = False
    moving: Collection[UUID] = frozenset()

    def numbers(self, slug: str) -> Mapping[UUID, int]:
        """The lessons of one course: id → number."""
        return self._by_course.get(slug, {})

    @cached_property
    def _by_course(self) -> Mapping[str, Mapping[UUID, int]]:
        courses: dict[str, dict[UUID, int]] = defaultdict(dict)
        for lesson, known in self.lessons.items():
            courses[known.slug][lesson] = known.number
        return courses
