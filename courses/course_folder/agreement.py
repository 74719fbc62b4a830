"""Whether transcripts and templates sound like the lessons that they are taken for. Names and numbers can be
wrong together; words seldom are.

A file is told of when another lesson fits it better than its own, and it fits that lesson better than the
file that this has. Of the sample courses no file in its right place is told of, and of each two that are
swapped at least one is, with descriptions as well as where titles are all that is known of the lessons.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.names import NamedFile
from courses.course_folder.plan import CoursePlan, PlannedLesson
from courses.course_folder.words import Likeness, Stems
from courses.formats.definition import ORDER_KEY, Document

# Lessons of a course whose files all carry their lessons' UUIDs: such files are seldom wrong, and 10,000 of
# them would cost an import as much as all else, 4 ms each. Where numbers had to tell, all are compared.
MOST_WITH_UUIDS = 300
HEARD = 2_000  # characters of a file: two minutes of speech say what it is about
LONGEST_DESCRIPTION = 10_000  # characters of a lesson's own words
LEAST = 0.2  # cosine; by accident two texts are less alike
FEWEST_WORDS = 2  # one word alone, be it the whole of a title, is an accident
# How much better another lesson must fit, in both comparisons together; and where it has no file to compare.
MARGIN, MARGIN_ALONE = 1.25, 1.5
_SOFTENER = 0.01  # next to nothing is not much more than nothing


@dataclass(frozen=True, slots=True)
class _Doubt:
    """The lesson at `other` fits a file better than the lesson at `own`: `gain` times."""

    file: NamedFile
    own: int
    other: int
    likeness: float
    gain: float
    whole: bool


@dataclass(slots=True)
class _Heard:
    """What was found of one kind of files. `own`: how like each is to its own lesson, by whole and place."""

    own: dict[tuple[bool, int], float] = field(default_factory=dict)
    doubts: dict[int, list[_Doubt]] = field(default_factory=dict)


class Agreement:
    """Compares the files of one course with all its lessons: their titles, summaries and descriptions.

    Lessons are compared by titles and summaries alone where one of the two has no description: the longer
    text would win otherwise.
    """

    def __init__(self, plan: CoursePlan, stems: Stems) -> None:
        self.plan = plan
        self._stems = stems
        self._places = {lesson.id: place for place, lesson in enumerate(plan.lessons)}
        self._described = [bool(lesson.source.description) for lesson in plan.lessons]
        ways = set(self._described) if _is_compared(plan) else set()
        self._likeness = {whole: self._like_lessons(whole=whole) for whole in ways}
        self._transcripts, self._templates = _Heard(), _Heard()

    @property
    def compares(self) -> bool:
        """Whether there is anything to compare: a very large course is compared only where it must be."""
        return bool(self._likeness)

    def transcript(self, lesson: PlannedLesson, text: str | None) -> None:
        """Takes in a transcript. None: there is none, or it was refused."""
        if self.compares and lesson.transcript and text:
            self._hear(self._transcripts, lesson.transcript, self._places[lesson.id], text)

    def template(self, lesson_id: UUID, document: Document) -> None:
        """Takes in a lesson's description, which is a template's where it has one."""
        place = self._places[lesson_id]
        file = self.plan.lessons[place].template
        if self.compares and file:
            self._hear(self._templates, file, place, _words(document))

    def tell(self, findings: Findings) -> None:
        """A warning for each file that another lesson fits better, once all files are taken in."""
        for heard in (self._transcripts, self._templates):
            for doubts in heard.doubts.values():
                gain, doubt = max(((_gain(doubt, heard), doubt) for doubt in doubts), key=itemgetter(0))
                if gain > 1:
                    findings.warn(*self._warning(doubt))

    def _like_lessons(self, *, whole: bool) -> Likeness:
        return Likeness(self._stems.count(_all_words(lesson, whole=whole)) for lesson in self.plan.lessons)

    def _hear(self, heard: _Heard, file: NamedFile, own: int, text: str) -> None:
        counts = self._stems.count(text[:HEARD])
        for whole, likeness_of in self._likeness.items():
            found = likeness_of.to(counts)
            mine = heard.own[whole, own] = found.get(own, 0)
            for other, likeness in found.items():
                if likeness <= max(mine, LEAST) or not self._is_fair(own, other, whole=whole):
                    continue
                if likeness_of.shared(counts, other) >= FEWEST_WORDS:
                    doubt = _Doubt(file, own, other, likeness, _times(likeness, mine), whole)
                    heard.doubts.setdefault(own, []).append(doubt)

    def _is_fair(self, own: int, other: int, *, whole: bool) -> bool:
        """Whether the two are to be compared in this way: as wholes where both have a description."""
        return whole == (self._described[own] and self._described[other])

    def _warning(self, doubt: _Doubt) -> tuple[str, str]:
        taken, better = (self.plan.lessons[place] for place in (doubt.own, doubt.other))
        by = "UUID" if doubt.file.uuid == taken.id else "number"
        message = (
            f"is taken for lesson {_called(taken)} by its {by}, but its words fit lesson {_called(better)} "
            "better: compare them"
        )
        return f"{self.plan.folder.path}/{doubt.file.name}", message


def _is_compared(plan: CoursePlan) -> bool:
    if len(plan.lessons) <= MOST_WITH_UUIDS:
        return True
    files = ((lesson.id, file) for lesson in plan.lessons for file in (lesson.transcript, lesson.template))
    return any(file and file.uuid != lesson_id for lesson_id, file in files)


def _gain(doubt: _Doubt, heard: _Heard) -> float:
    """Above 1: the file fits the other lesson better than its own, and better than the file that this has."""
    theirs = heard.own.get((doubt.whole, doubt.other))
    if theirs is None:
        return doubt.gain / MARGIN_ALONE
    gain = _times(doubt.likeness, theirs)
    return gain * doubt.gain / MARGIN if gain > 1 else 0


def _times(likeness: float, other: float) -> float:
    return (likeness + _SOFTENER) / (other + _SOFTENER)


def _all_words(lesson: PlannedLesson, *, whole: bool) -> str:
    # Twice: a title's word tells more than one of the description, where most words only fill.
    head = f"{lesson.source.title}\n{lesson.source.summary or ''}\n" * 2
    return head + _words(lesson.source.description)[:LONGEST_DESCRIPTION] if whole else head


def _words(document: Document) -> str:
    return "\n".join(_strings({key: value for key, value in document.items() if key != ORDER_KEY}))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _called(lesson: PlannedLesson) -> str:
    return f"{lesson.source.number} ({lesson.source.title[:60]})"
