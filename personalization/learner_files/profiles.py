"""user_profiles.json: {identifier: {name, course, …answers}}."""

import json
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from courses.course_folder.fields import described, kind
from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder, pick
from courses.course_folder.store import PROFILES
from courses.course_folder.wording import line_problem, tidy
from courses.json_members import members
from courses.strict_json import Limits, NotPlain
from personalization.learner_files.privacy import is_contact, shown_identifier, shown_pointer

LONGEST_IDENTIFIER = LONGEST_NAME = 200  # characters
LARGEST_SURVEY = 256 * 1024  # characters of JSON; as much as a request of the API may have
LIMITS = Limits(size=256 * 1024 * 1024, depth=20, nodes=20_000_000)  # 50,000 learners say 80 MB
_NO_ANSWERS = ("name", "user_id", "course")


@dataclass(frozen=True, slots=True)
class LearnerEntry:
    """`name` and `course` None: not said, or (a name) not to be kept. `survey`: the answers, as JSON."""

    identifier: str
    name: str | None
    course: str | None
    survey: str


def read_profiles(store: Folder, courses: Container[str]) -> Iterator[LearnerEntry]:
    """The learners of the store, one at a time; what is wrong goes to its findings, at the end.

    courses: slugs that may be named. With a problem in the findings only some of the learners may have come.
    """
    entry = pick(store, store.entries(), PROFILES)
    if entry is None:
        return
    findings = Findings()
    done = 0
    try:
        plain = members(store.chunks(entry, LIMITS.size), LIMITS.depth)
        for place, learner in _entries(plain, courses, findings):
            if learner:
                yield learner
            done = place
    except NotPlain:
        # The strict reader tells what is wrong with the file; perhaps nothing, then it goes on from here.
        findings = Findings()
        data = store.read_json(entry, LIMITS, show=shown_pointer)
        for place, learner in _entries((data or {}).items(), courses, findings):
            if learner and place > done:
                yield learner
    store.findings.include(findings)


def _entries(
    profiles: Iterable[tuple[str, Any]], courses: Container[str], findings: Findings
) -> Iterator[tuple[int, LearnerEntry | None]]:
    """Each profile's place, counted from 1, and the learner; None where a problem with it was found."""
    seen: set[str] = set()
    for place, (key, value) in enumerate(profiles, start=1):
        reader = _Reader(f"/{shown_identifier(key, place)}", findings)
        identifier = tidy(key)
        learner = None
        if found := line_problem(key, LONGEST_IDENTIFIER):
            reader.problem("", f"the identifier {found}")
        elif identifier in seen:
            reader.problem("", "the identifier stands there twice, written in two ways: keep one")
        elif not isinstance(value, dict):
            reader.problem("", f"must be an object {{…}}, found {kind(value)}")
        else:
            seen.add(identifier)
            name, course = reader.name(value), reader.course(value, courses)
            learner = LearnerEntry(identifier, name, course, reader.survey(value, key))
        yield place, learner


class _Reader:
    """Reads one learner; no message holds what the learner said or is called."""

    def __init__(self, place: str, findings: Findings) -> None:
        self._place = place
        self._findings = findings

    def problem(self, key: str, message: str) -> None:
        self._findings.problem(PROFILES, message, self._place + key)

    def name(self, profile: dict[str, Any]) -> str | None:
        name = profile.get("name")
        if name is None or (isinstance(name, str) and not name.strip()):
            return None
        if not isinstance(name, str):
            self.problem("/name", f"must be a text, found {kind(name)}")
        elif found := line_problem(name, LONGEST_NAME):
            self.problem("/name", found)
        elif is_contact(name):
            message = "is an e-mail address or a phone number: the learner is kept without a name"
            self._findings.warn(PROFILES, message, f"{self._place}/name")
        else:
            return tidy(name)
        return None

    def course(self, profile: dict[str, Any], courses: Container[str]) -> str | None:
        course = profile.get("course")
        if course is None or course == "":
            return None
        if not isinstance(course, str):
            self.problem("/course", f"must be a text, found {kind(course)}")
        elif tidy(course) not in courses:
            shown = "(hidden)" if is_contact(course) else described(course)
            message = f"neither the store nor the database has the course {shown}: write its slug"
            self.problem("/course", message)
        else:
            return tidy(course)
        return None

    def survey(self, profile: dict[str, Any], identifier: str) -> str:
        if profile.get("user_id") not in (None, identifier):
            message = "differs from the key that it stands under: the key is taken"
            self._findings.warn(PROFILES, message, f"{self._place}/user_id")
        answers = {key: value for key, value in profile.items() if key not in _NO_ANSWERS}
        survey = json.dumps(answers, ensure_ascii=False)
        if len(survey) > LARGEST_SURVEY:
            size = f"{len(survey):,} characters, at most {LARGEST_SURVEY:,} are read"
            self.problem("", f"the answers have {size}")
        return survey
