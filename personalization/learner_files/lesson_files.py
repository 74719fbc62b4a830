"""Which lesson a learner's files are for: looked up where the names are in order, else matched."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from courses.course_folder.folders import Entry, Folder, Kind, shown
from courses.course_folder.matching import Outcome, Remark, match
from courses.course_folder.names import NamedFile, personal_texts
from courses.course_folder.plan import CoursePlan
from personalization.learner_files.privacy import shown_file


@dataclass(frozen=True, slots=True)
class TextPlan:
    """What of a course's plan its personal texts need: little enough to hand to another process.

    `complete`: a file that belongs to no lesson is really wrong. `numbers`: lesson → number; `elsewhere`:
    lessons that are known, but perhaps not this course's.
    """

    slug: str
    course: Entry
    personalize: Entry
    complete: bool
    numbers: dict[UUID, int]
    elsewhere: frozenset[UUID]

    @property
    def path(self) -> str:
        """Of the folder, for messages."""
        return f"{shown(self.course.name)}/{shown(self.personalize.name)}"

    @classmethod
    def of(cls, plan: CoursePlan) -> "TextPlan | None":
        """None where the course has no folder of personal texts."""
        folder = plan.folder
        if folder.personalize is None:
            return None
        return cls(plan.slug, folder.entry, folder.personalize, folder.complete, plan.numbers, plan.elsewhere)


@dataclass(slots=True)
class LessonFiles:
    """The files of one course's learners. `remarks`: label warnings, told once for all learners.

    `unread`: how many files the database holds already.
    """

    plan: TextPlan
    remarks: Counter[str] = field(default_factory=Counter)
    unread: int = 0
    _ids: dict[int, UUID] = field(init=False)
    _names: dict[str, tuple[UUID, NamedFile]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ids = {number: lesson for lesson, number in self.plan.numbers.items()}

    def looked_up(self, names: Sequence[str]) -> dict[UUID, NamedFile] | None:
        """Each lesson's file, where there is nothing to say about any of the names; None: match them."""
        found: dict[UUID, NamedFile] = {}
        for name in names:
            # All learners have files of the same names: what a name says is worked out once.
            known = self._names.get(name) or self._understood(name)
            if known is None:
                return None
            found[known[0]] = known[1]
        return found if len(found) == len(names) else None

    def matched(self, files: list[NamedFile], folder: Folder) -> dict[UUID, NamedFile]:
        """The same for any names; what is to be said goes to the folder's findings, or to `remarks`."""
        matching = match(files, self.plan.numbers, self.plan.elsewhere, self._ids)
        for remark in matching.remarks:
            self._tell(remark, folder)
        return dict(matching.files)

    def _understood(self, name: str) -> tuple[UUID, NamedFile] | None:
        """The lesson that the name tells beyond doubt, and the file as messages call it."""
        named, _ = personal_texts([Entry(name, name, Kind.FILE)])
        if not named:
            return None
        (file,) = with_aliases(named)
        lesson = file.uuid or self._ids.get(file.labels[0])
        number = self.plan.numbers.get(lesson) if lesson else None
        if lesson is None or number is None or any(label != number for label in file.labels):
            return None
        if len(self._names) < 4 * len(
            self.plan.numbers
        ):  # names that differ by learner are not worth keeping
            self._names[name] = lesson, file
        return lesson, file

    def _tell(self, remark: Remark, folder: Folder) -> None:
        """A wrong label is told once for all learners; what belongs to no lesson, or to two, is a problem."""
        if remark.outcome in (Outcome.RELABELLED, Outcome.BY_NUMBER):
            self.remarks[f"{remark.file.name} {remark}"] += 1
        elif self.plan.complete or remark.outcome is Outcome.TWICE:
            folder.findings.problem(folder.named(remark.file.name), str(remark))


def with_aliases(files: Iterable[NamedFile]) -> list[NamedFile]:
    """The files as messages may call them: their names may be a person's."""
    return [replace(file, alias=shown_file(file)) for file in files]
