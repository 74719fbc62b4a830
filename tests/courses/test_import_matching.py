"""Which file belongs to which lesson."""

import random
from uuid import UUID, uuid4

import pytest

from courses.course_folder.folders import Entry, Kind
from courses.course_folder.matching import Matching, Outcome, match
from courses.course_folder.names import NamedFile, named_file, personal_texts, templates, transcripts
from tests.store_builder import lesson_id

ONE, TWO, THREE, ELSEWHERE = (lesson_id(number) for number in (1, 2, 3, 99))
LESSONS = {ONE: 1, TWO: 2, THREE: 3}


def entries(*names: str) -> list[Entry]:
    return [Entry(name, name, Kind.FILE) for name in names]


def matched(*names: str) -> Matching:
    return match(transcripts(entries(*names)), LESSONS, {ELSEWHERE})


def files(matching: Matching) -> dict[UUID, str]:
    return {lesson: file.name for lesson, file in matching.files.items()}


def outcomes(matching: Matching) -> dict[str, Outcome]:
    return {remark.file.name: remark.outcome for remark in matching.remarks}


def test_the_uuid_decides_however_wrong_the_number() -> None:
    matching = matched(f"2-{ONE}.txt", f"3-{TWO}.txt", f"1-{THREE}.txt")
    assert files(matching) == {ONE: f"2-{ONE}.txt", TWO: f"3-{TWO}.txt", THREE: f"1-{THREE}.txt"}
    assert set(outcomes(matching).values()) == {Outcome.RELABELLED}
    assert str(matching.remarks[0]) == "is labelled 2, but its UUID is that of lesson 1: taken for 1"


def test_right_labels_and_no_labels_are_not_worth_a_word() -> None:
    matching = matched(f"1-{ONE}.txt", f"02-2-{TWO}.txt", f"{THREE}.txt")
    assert set(files(matching)) == {ONE, TWO, THREE}
    assert not matching.remarks


def test_one_wrong_number_of_two_is_said() -> None:
    remarks = matched(f"1-7-{ONE}.txt").remarks
    assert [str(remark) for remark in remarks] == [
        "is labelled 7, but its UUID is that of lesson 1: taken for 1"
    ]


def test_a_number_counts_where_no_uuid_is_known() -> None:
    unknown = uuid4()
    matching = matched("1-intro.txt", f"2-{unknown}.txt")
    assert files(matching) == {ONE: "1-intro.txt", TWO: f"2-{unknown}.txt"}
    assert outcomes(matching) == {f"2-{unknown}.txt": Outcome.BY_NUMBER}


def test_a_number_never_takes_a_lesson_that_a_uuid_claims() -> None:
    matching = matched("1-other.txt", f"3-{ONE}.txt")
    assert files(matching) == {ONE: f"3-{ONE}.txt"}
    assert outcomes(matching)["1-other.txt"] is Outcome.TAKEN


def test_a_file_of_another_course_is_not_taken_by_its_number() -> None:
    matching = matched(f"1-{ELSEWHERE}.txt")
    assert not files(matching)
    assert outcomes(matching) == {f"1-{ELSEWHERE}.txt": Outcome.ELSEWHERE}


@pytest.mark.parametrize("name", ["9.txt", f"9-{lesson_id(98)}.txt", f"{lesson_id(98)}.txt"])
def test_a_file_without_a_lesson_is_left(name: str) -> None:
    assert outcomes(matched(name)) == {name: Outcome.UNKNOWN}


@pytest.mark.parametrize("names", [(f"1-{ONE}.txt", f"2-{ONE}.txt"), ("1.txt", "01-more.txt")])
def test_two_files_of_one_lesson_are_told_together(names: tuple[str, str]) -> None:
    twice = [remark for remark in matched(*names).remarks if remark.outcome is Outcome.TWICE]
    assert [(remark.file.name, remark.lesson, remark.other) for remark in twice] == [(names[1], 1, names[0])]


def test_every_file_lands_on_its_own_lesson_in_any_disorder() -> None:
    lessons = {uuid4(): number for number in range(1, 40)}
    labels = random.Random(5).sample(range(1, 40), 39)
    names = [f"{label}-{lesson}.txt" for lesson, label in zip(lessons, labels, strict=True)]
    matching = match(transcripts(entries(*names)), lessons, ())
    assert all(str(lesson) in file.name for lesson, file in matching.files.items())
    assert len(matching.files) == len(lessons)
    assert len(matching.remarks) == sum(n != label for n, label in zip(lessons.values(), labels, strict=True))


@pytest.mark.parametrize(
    ("name", "labels", "uuid"),
    [
        (f"5-{ONE}.txt", (5,), ONE),
        (f"10-10-{ONE}-final.json", (10, 10), ONE),
        (f"{ONE}.txt", (), ONE),
        (f"5-{str(ONE).upper()}.TXT", (5,), ONE),
        ("12345678-1234-4234-8234-123456789012.txt", (), UUID("12345678-1234-4234-8234-123456789012")),
        (f"5 - {ONE}.txt", (5,), ONE),
        ("05.txt", (5,), None),
        ("5-10-things.txt", (5,), None),
    ],
)
def test_names(name: str, labels: tuple[int, ...], uuid: UUID | None) -> None:
    found = named_file(entries(name)[0])
    assert found == NamedFile(entries(name)[0], labels, uuid)


@pytest.mark.parametrize("name", ["notes.txt", "1234567890-5.txt", "٥.txt", f"a{ONE}b.txt"])
def test_names_that_tell_no_lesson(name: str) -> None:
    assert named_file(entries(name)[0]) is None


def test_backups_are_never_read() -> None:
    backup = f"1-1-{ONE}-final-backup.json"
    assert not templates(entries(backup, f"1-{ONE}-final-BACKUP.JSON"))
    assert not transcripts(entries(f"1-{ONE}-backup.txt"))
    assert not personal_texts(entries(f"1-{ONE}-backup.json"))[0]
    assert [file.name for file in templates(entries(f"1-{ONE}-final.json", f"1-{ONE}.json"))] == [
        f"1-{ONE}-final.json"
    ]
