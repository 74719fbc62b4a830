"""A prompt that one learner or one lesson breaks is the failure of their items, and of nobody else's."""

from dataclasses import replace

import pytest

from personalization.errors import Permanent
from personalization.prompts import messages
from tests.personalization.briefs import brief
from tests.personalization.test_prompts import SHORT, with_template

LOOP = "{% for a in learner.answers %}{% for b in learner.answers %}x{% endfor %}{% endfor %}"


def test_what_fails_with_one_learners_answers_is_that_items_failure() -> None:
    long = brief(answers={"motivation": "Хочу " * 100})
    with pytest.raises(Permanent, match="Line 4: Its loops take more than") as failed:
        messages(with_template(f"{SHORT}{LOOP}", of=long))
    assert failed.value.code == "not_filled_in"
    assert "retry what failed" in failed.value.message
    assert messages(with_template(f"{SHORT}{LOOP}", of=brief(answers={"motivation": "Хочу"})))


def test_what_fails_with_one_lesson_is_the_failure_of_its_items() -> None:
    loops = "{% for a in lesson.title %}{% for b in lesson.title %}x{% endfor %}{% endfor %}"
    with pytest.raises(Permanent, match="Line 1: Its loops take more than"):
        messages(with_template(loops + SHORT, of=brief(lesson_title="Очень длинно " * 20)))
    assert messages(with_template(loops + SHORT))


def test_a_failure_does_not_quote_the_learner() -> None:
    fourth = with_template(SHORT + "{{ learner.name|default:lesson.title.4 }}")
    secret = replace(fourth, answers={"motivation": "тайна"}, lesson_title="Шея")
    with pytest.raises(Permanent, match="a part of a value that is not there") as failed:
        messages(secret)
    assert "тайна" not in str(failed.value)
