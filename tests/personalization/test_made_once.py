"""What a request's size, price and body are made of is put together once."""

from dataclasses import replace

from personalization.prompts import learners_message, learners_part, shared_part
from tests.personalization.briefs import NINA, brief


def test_the_shared_part_is_made_once_for_a_lesson() -> None:
    first = shared_part(brief(NINA))
    assert shared_part(brief(NINA, name=None, answers={})) is first
    assert shared_part(brief(NINA, transcript="Another lesson. " * 20)) is not first


def test_a_learners_part_is_made_once_and_anew_for_another_brief() -> None:
    one = brief(NINA)
    made = learners_message(one)
    assert learners_message(one) is made
    assert made.text == learners_part(one)
    assert "Кратко." in learners_message(replace(one, guidance="Кратко.")).text
    assert learners_message(one) is made
    assert "Кратко." not in made.text


def test_what_was_wrong_with_an_answer_is_said_beside_it() -> None:
    one = brief(NINA)
    assert learners_part(one, "too long").startswith(learners_part(one) + "\n\n")
    assert "too long" not in learners_part(one)
