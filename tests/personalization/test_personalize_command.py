import pytest
from django.core.management import CommandError, call_command
from pytest import CaptureFixture

from personalization.models import GenerationItem, GenerationRun
from tests.builders import make_course, make_learner, make_lesson


@pytest.fixture(autouse=True)
def learners(db: None) -> None:
    course = make_course("shvz")
    for number in (1, 2, 3):
        make_lesson(course, number)
    make_learner("u-1", course=course)
    make_learner("u-2", course=course)


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("personalize", *arguments)
    assert not GenerationRun.objects.exists()
    return str(refused.value)


def test_it_plans_a_run_for_all_learners(capsys: CaptureFixture[str]) -> None:
    call_command("personalize")
    assert GenerationItem.objects.count() == 6
    out = capsys.readouterr().out
    assert "2 learners" in out
    assert "6  to write" in out
    assert "template sentences" in out


def test_it_plans_for_those_named() -> None:
    call_command("personalize", "u-2", "--lessons", "1, 3-5")
    learners = GenerationItem.objects.values_list("profile__user_identifier", "lesson__lesson_number")
    assert sorted(learners) == [("u-2", 1), ("u-2", 3)]


def test_a_dry_run_starts_nothing(capsys: CaptureFixture[str]) -> None:
    call_command("personalize", "--dry-run")
    assert "6  to write" in capsys.readouterr().out
    assert not GenerationRun.objects.exists()


def test_asking_twice_says_that_the_first_run_writes_them(capsys: CaptureFixture[str]) -> None:
    call_command("personalize")
    call_command("personalize")
    assert "6 more were already asked for" in " ".join(capsys.readouterr().out.split())
    assert GenerationItem.objects.count() == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["u-1", "no\nbody", "none"], "'no\\nbody' or 'none'"),
        (["--course", "shvs"], "Known: shvz"),
        (["--lessons", "0"], "begin at 1"),
        (["--lessons", "1,x"], "Found: 'x'"),
        (["--limit", "-1"], "above 0"),
        (["--backend", "parrot"], "parrot"),
        (["--backend", "openai"], "OPENAI_API_KEY"),
        (["--lessons", "77"], "Nothing to write"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_started(arguments: list[str], said: str) -> None:
    assert said in refusal(*arguments)
