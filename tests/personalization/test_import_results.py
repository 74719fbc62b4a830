"""Feedback and quiz results from CSV: all of a file or nothing, all that is wrong at once; twice is once."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from courses.errors import InvalidInput
from personalization.models import LessonFeedback, Profile, QuizResult, UserCluster
from personalization.result_files import table
from personalization.services import results
from personalization.services.results import ResultImport, import_feedback, import_quiz
from tests.builders import make_course, make_learner, make_lesson

pytestmark = pytest.mark.django_db
AT = "2026-11-01T10:00:00+03:00"
FEEDBACK = "user_identifier,course,lesson,rating,issue,created_at\n"
QUIZ = "user_identifier,course,lesson,score,created_at\n"

type Importer = Callable[..., ResultImport]


@pytest.fixture(autouse=True)
def learner() -> Profile:
    course = make_course("neck")
    make_lesson(course, 1)
    make_lesson(course, 2)
    return make_learner("u-1", course, survey=None)


def feedback(*lines: str, header: str = FEEDBACK, **options: Any) -> ResultImport:
    return import_feedback(data=(header + "\n".join(lines)).encode(), file="feedback.csv", **options)


def quiz(*lines: str, header: str = QUIZ) -> ResultImport:
    return import_quiz(data=(header + "\n".join(lines)).encode(), file="quiz.csv")


def problems(importing: Importer, *lines: str, **options: Any) -> list[str]:
    """What is wrong with the file; nothing of it was written."""
    with pytest.raises(InvalidInput) as refused:
        importing(*lines, **options)
    assert not LessonFeedback.objects.exists()
    assert not QuizResult.objects.exists()
    return [str(problem) for problem in refused.value.problems]


# --- what is imported ---


def test_feedback_is_imported_and_the_cluster_follows(learner: Profile) -> None:
    found = feedback(f"u-1,neck,1,2,too_technical,{AT}", f"u-1,neck,2,1,Too Technical,{AT}", "", " , ,,,,")
    assert (found.counts.created, found.clusters.changed, found.warnings) == (2, 1, ())
    rows = LessonFeedback.objects.order_by("lesson__lesson_number")
    assert [(row.rating, row.issue, row.created_at.hour) for row in rows] == [
        (2, "too_technical", 7),
        (1, "too_technical", 7),
    ]
    assert UserCluster.objects.get(user=learner).cluster_type == "practical_basic"


def test_quiz_results_are_imported(learner: Profile) -> None:
    quiz(f"u-1,neck,1,92.5,{AT}", f'u-1,,2,"87,25",{AT}')
    assert [float(row.score) for row in QuizResult.objects.order_by("score")] == [87.25, 92.5]
    assert UserCluster.objects.get(user=learner).cluster_type == "practical_advanced"


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffuser_id;lesson;score;created_at\r\nu-1;1;50;2026-11-01\r\n",
        "User_Identifier\tLesson_Number\tScore\tCreated_At\nu-1\t1\t50,0\t2026-11-01T00:00:00Z\n",
        '"user_identifier","lesson","score","created_at"\n"u-1","1"," 50 ","20261101"',
        'score,created_at,comment,user_identifier,lesson\n50,2026-11-01 00:00,"two\nlines",u-1,1\n',
    ],
)
def test_the_ways_in_which_tables_are_saved(data: str) -> None:
    import_quiz(data=data.encode(), file="quiz.csv")
    row = QuizResult.objects.get()
    assert (float(row.score), row.created_at.isoformat()) == (50, "2026-11-01T00:00:00+00:00")


def test_a_lesson_by_its_id_even_of_another_course() -> None:
    lesson = make_lesson(make_course("sleep"), 7)
    quiz(f"u-1,{lesson.pk},50,{AT}", header="user_identifier,lesson_id,score,created_at\n")
    assert QuizResult.objects.get().lesson == lesson


def test_a_second_import_changes_nothing_and_a_corrected_file_corrects() -> None:
    lines = [f"u-1,neck,1,2,too_technical,{AT}", f"u-1,neck,2,5,,{AT}", f"u-1,neck,2,5,,{AT}"]
    feedback(*lines)
    again = feedback(*lines).counts
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    corrected = feedback(f"u-1,neck,1,4,,{AT}", *lines[1:]).counts
    assert (corrected.created, corrected.updated, corrected.unchanged) == (0, 1, 1)
    assert sorted(LessonFeedback.objects.values_list("rating", flat=True)) == [4, 5]


def test_a_dry_run_tells_the_same_and_keeps_nothing() -> None:
    found = feedback(f"u-1,neck,1,2,too_basic,{AT}", f"u-1,neck,2,2,too_basic,{AT}", dry_run=True)
    assert (found.counts.created, found.clusters.after()["practical_advanced"]) == (2, 1)
    assert not LessonFeedback.objects.exists()
    assert not UserCluster.objects.exists()


def test_an_export_without_news_is_no_mistake() -> None:
    assert quiz().counts.changed == 0


def test_columns_that_are_not_read_are_warned_of_without_their_names() -> None:
    header = "user_identifier,lesson,score,created_at,nina@example.org\n"
    [warning] = quiz(f"u-1,1,50,{AT},x", header=header).warnings
    assert str(warning) == "quiz.csv: 1 column is not read"


# --- what is refused ---


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty: its first line must name the columns"),
        (b" \n\n", "is empty"),
        (QUIZ.encode("utf-16"), "is UTF-16: save it as CSV in UTF-8"),
        (b"PK\x03\x04rest of a workbook", "is a workbook or an archive: save it as CSV in UTF-8"),
        (QUIZ.encode() + "Нина".encode("cp1251"), "line 2: is not UTF-8"),
        (QUIZ.encode() + b"u-1,neck,1,5\x000,2026-11-01", "line 2: holds the character U+0000"),
        (b"user_identifier,lesson,score\n", "line 1: the column created_at is missing"),
        (b"user_identifier,lesson,scores,created_at\n", "the column score is missing: is it scores?"),
        (b"user_identifier,score,created_at\n", "a column for the lesson is missing"),
        (b"user_id,user_identifier,lesson,score,created_at\n", "column user_identifier stands there twice"),
        (QUIZ.encode() + b'"u-1,neck,1,50,2026-11-01\n' * 3, "a quotation mark is opened and not closed"),
        (QUIZ.encode() + b'u-1,neck,1,"50"x,2026-11-01\n', "or stands within a cell"),
        (QUIZ.encode() + b'u-1,neck,1,"' + b"x" * 200_000, "quotation mark"),
    ],
)
def test_a_file_that_is_no_table_of_ours(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        import_quiz(data=data, file="quiz.csv")
    assert said in str(refused.value)
    assert str(refused.value).startswith("quiz.csv: ")


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "LARGEST_FILE", 1024 * 1024)
    with pytest.raises(InvalidInput, match="is too large, at most 1 MB are read: split it"):
        import_quiz(data=b"x" * (1024 * 1024 + 1), file="quiz.csv")


@pytest.mark.parametrize(
    "rating", ["", "0", "6", "-1", "4.5", "NaN", "inf", "null", "five", "1e0", "٣", "x" * 900]
)
def test_a_rating_that_is_none(rating: str) -> None:
    [problem] = problems(feedback, f"u-1,neck,1,{rating},,{AT}")
    assert problem.startswith("feedback.csv: line 2, rating: must be a whole number from 1 to 5")


@pytest.mark.parametrize(
    "score", ["", "-1", "100.5", "101", "NaN", "Infinity", "null", "50%", "1e1", "12.345", "5 0"]
)
def test_a_score_that_is_none(score: str) -> None:
    [problem] = problems(quiz, f"u-1,neck,1,{score},{AT}")
    assert problem.startswith("quiz.csv: line 2, score: must be a number from 0 to 100")


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "yesterday",
        "01.11.2026",
        "2026-13-01",
        "1999-12-31",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31",
        "NaN",
    ],
)
def test_a_moment_that_is_none(moment: str) -> None:
    [problem] = problems(quiz, f"u-1,neck,1,50,{moment}")
    assert problem.startswith("quiz.csv: line 2, created_at: must ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"u-9,neck,1,50,{AT}", "user_identifier: there is no learner with this identifier"),
        (f",neck,1,50,{AT}", "user_identifier: must be one line"),
        (f"u-1,neck,9,50,{AT}", "lesson: the course has no lesson with this number"),
        (f"u-1,other,1,50,{AT}", "course: there is no course with this slug"),
        (f"u-2,,1,50,{AT}", "lesson: the learner has no course: name one in the column course"),
        (f"u-1,neck,,50,{AT}", "lesson: no lesson is named"),
        (f"u-1,neck,one,50,{AT}", "lesson: must be the number of a lesson"),
        (f"u-1,neck,99999999999,50,{AT}", "lesson: must be the number of a lesson"),
        (f"u-1,neck,1,50,{AT},more", "has 6 cells, the header has 5"),
        ("u-1,neck,1", "has 3 cells, the header has 5"),
        (f"u-1,neck,1,{'5' * 2000},{AT}", "has a cell of more than 1000 characters"),
        # The csv module's own limit is 131,072, and it is no open quotation mark.
        (f"u-1,neck,1,{'5' * 140_000},{AT}", "has a cell of more than 1000 characters"),
        (f'u-1,neck,1,"{"5" * 140_000}",{AT}', "has a cell of more than 1000 characters"),
    ],
)
def test_a_row_that_fits_nothing(line: str, said: str) -> None:
    make_learner("u-2")
    [problem] = problems(quiz, line)
    assert problem.startswith("quiz.csv: line 2")
    assert said in problem


def test_a_lesson_id_that_is_none() -> None:
    header = "user_identifier,lesson_id,score,created_at\n"
    found = problems(quiz, f"u-1,1,50,{AT}", f"u-1,{uuid4()},50,{AT}", header=header)
    assert found == [
        "quiz.csv: line 2, lesson_id: must be a UUID",
        "quiz.csv: line 3, lesson_id: there is no lesson with this id",
    ]


def test_an_issue_that_is_none() -> None:
    [problem] = problems(feedback, f"u-1,neck,1,3,too long,{AT}")
    assert problem.endswith("issue: must be empty or one of too_technical, too_basic")


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_lines() -> None:
    found = problems(
        feedback,
        f"u-9,neck,1,3,,{AT}",
        f"u-1,neck,1,7,bad,{AT}",
        f"u-1,neck,1,3,,{AT}",
        f"u-1,neck,1,4,,{AT}",
        "u-1,neck,7,3,,2026-11-02",
    )
    assert [problem.split(": ")[1] for problem in found] == [
        "line 2, user_identifier",
        "line 3, rating",
        "line 3, issue",
        "line 5, created_at",
        "line 6, lesson",
    ]
    assert found[3].endswith("line 4 says something else about the same learner, lesson and moment: keep one")


def test_of_a_thousand_problems_the_first_hundred_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_PROBLEMS", 10)
    found = problems(quiz, *(f"u-1,neck,1,bad,{AT}" for _ in range(50)))
    assert (len(found), found[-1]) == (11, "quiz.csv: and more: only the first 10 problems are told")


@pytest.mark.parametrize("column", range(6))
@pytest.mark.parametrize("person", ["nina@example.org", "Нина Петрова", "+7 912 345-67-89", "79123456789"])
def test_no_message_tells_who_a_person_is(column: int, person: str) -> None:
    cells = ["u-1", "neck", "1", "3", "", AT]
    cells[column] = person
    for problem in problems(feedback, ",".join(cells)):
        assert person not in problem


# --- the commands ---


def called(name: str, file: Path, *options: str) -> str:
    out = StringIO()
    call_command(name, str(file), *options, stdout=out)
    return out.getvalue()


def test_the_commands_import_and_report(tmp_path: Path) -> None:
    file = tmp_path / "feedback.csv"
    file.write_text(FEEDBACK + f"u-1,neck,1,2,too_basic,{AT}\nu-1,neck,2,2,too_basic,{AT}\n")
    assert "Dry run: nothing was written." in called("import_feedback", file, "--dry-run")
    assert called("import_feedback", file).splitlines() == [
        "2 new, 0 corrected, 0 known already.",
        "1 of 1 learners move to another cluster.",
    ]
    assert json.loads(called("import_feedback", file, "--json"))["unchanged"] == 2
    file.write_text(QUIZ + f"u-1,neck,1,50,{AT}\n")
    assert json.loads(called("import_quiz", file, "--json")) == {
        "ok": True, "dry_run": False, "created": 1, "updated": 0, "unchanged": 0,
        "learners": 1, "clusters_changed": 1, "warnings": [], "problems": [],
    }  # fmt: skip


def test_the_commands_refuse_with_everything_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "quiz.csv"
    file.write_text(QUIZ + f"u-1,neck,1,200,{AT}\nu-1,neck,1,50,\n")
    with pytest.raises(CommandError) as refused:
        called("import_quiz", file, "--json")
    assert str(refused.value).splitlines()[-1] == "Nothing was written."
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize(("name", "said"), [("none.csv", "cannot be read"), ("", "is no file")])
def test_a_file_that_is_not_there(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        called("import_quiz", tmp_path / name)
