"""What becomes stale by other words or another value, counted beside what was stale before."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from courses.models import Lesson
from personalization.live_prompts import live_prompts
from personalization.models import ConfigEntry, Profile, PromptVersion
from personalization.pairs import Selection
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.queries import preview
from personalization.services.prompt_effects import Effect, effect_on_texts
from personalization.services.prompt_versions import effect_of, make_live, save_draft
from personalization.services.variables import effects_of
from personalization.services.work import make_brief
from personalization.shipped_config import PERSONALIZATION, shipped_prompts
from personalization.writers.registry import current_recipe
from tests.builders import (
    make_course,
    make_description,
    make_learner,
    make_lesson,
    make_superuser,
    make_text,
)

pytestmark = pytest.mark.django_db

SHIPPED = shipped_prompts()[PERSONALIZATION]
NEWER = SHIPPED.replace("warm, plain and respectful", "plain and friendly")


def text_of(lesson: Lesson, *, learner: Profile | None = None, fresh: bool = True, **fields: Any) -> None:
    """By a model; fresh: by the words that are live now."""
    learner = learner or make_learner(course=lesson.course)
    today = make_brief(learner, lesson).fingerprint(current_recipe("openai"))
    make_text(learner, lesson, origin="openai", fingerprint=today if fresh else "old", **fields)


def counts(effect: Effect) -> tuple[int, ...]:
    return (
        *(effect.becoming, effect.before, effect.current_again),
        *(effect.locked, effect.unanswered, effect.without_source),
    )


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(language="en"))


@pytest.fixture
def mix(lesson: Lesson) -> Lesson:
    """Three fresh texts, two stale ones, of each what no run writes again, and others that do not count."""
    for _ in range(3):
        text_of(lesson)
    for _ in range(2):
        text_of(lesson, fresh=False)
    text_of(lesson, edited_at=timezone.now())
    text_of(lesson, fresh=False, edited_at=timezone.now())
    text_of(lesson, learner=make_learner(course=lesson.course, survey={}))
    text_of(make_lesson(lesson.course, 2, transcript=""))
    make_text(make_learner(course=lesson.course), lesson)  # nobody knows what wrote it
    text_of(lesson, learner=make_learner(course=make_course()))  # of a learner who has left the course
    return lesson


def test_a_mix_is_counted_by_what_becomes_of_it(mix: Lesson) -> None:
    effect = effect_of(save_draft(key=PERSONALIZATION, content=NEWER)[0])
    assert counts(effect) == (3, 2, 0, 2, 1, 1)
    assert effect.stale == 5


def test_what_becomes_current_again_is_said_apart(mix: Lesson) -> None:
    make_live(version=save_draft(key=PERSONALIZATION, content=NEWER)[0], seen=1)
    text_of(mix)
    effect = effect_of(PromptVersion.objects.get(key=PERSONALIZATION, number=1))
    # Those of the first version are current again, the one that the second wrote becomes stale.
    assert counts(effect) == (1, 2, 3, 1, 0, 0)


def test_the_same_words_change_nothing(mix: Lesson) -> None:
    assert counts(effect_on_texts(live_prompts())) == (0, 2, 0, 1, 0, 0)


def test_the_estimate_is_of_what_would_be_written_again(lesson: Lesson) -> None:
    draft, _ = save_draft(key=PERSONALIZATION, content=NEWER)
    text_of(lesson)
    one = effect_of(draft).estimate.usage.output_tokens
    text_of(lesson, fresh=False)
    text_of(lesson, edited_at=timezone.now())
    assert effect_of(draft).estimate.usage.output_tokens == 2 * one


def test_a_value_reaches_texts_and_descriptions(lesson: Lesson) -> None:
    text_of(lesson)
    text_of(lesson, fresh=False)
    others: list[dict[str, Any]] = [{}, {"edited_at": timezone.now()}, {"fingerprint": None}]
    for number, fields in enumerate(others, start=2):
        described = make_description(make_lesson(lesson.course, number))
        type(described).objects.filter(pk=described.pk).update(**{"fingerprint": "of before", **fields})
    texts, descriptions = effects_of("formal_address", False)
    assert counts(texts) == (1, 1, 0, 0, 0, 0)
    assert counts(descriptions) == (0, 1, 0, 1, 0, 0)


def test_the_page_says_every_number(client: Client, mix: Lesson) -> None:
    draft, _ = save_draft(key=PERSONALIZATION, content=NEWER)
    client.force_login(make_superuser())
    address = f"/admin/personalization/promptentry/{PERSONALIZATION}/{draft.number}/live/"
    html = client.get(address).content.decode()
    for said in (
        "3 texts become stale by this.",
        "2 more were stale already.",
        "2 more stay as they are: editors have locked them.",
        "1 more stays as it is: its learner has no answers.",
        "1 more stays as it is: its lesson has nothing to write it from.",
        "Estimated cost",
    ):
        assert said in html


@pytest.mark.parametrize("key", [PERSONALIZATION, LESSON_TEMPLATE])
def test_words_that_cannot_be_filled_in_are_said_on_the_page(
    key: str, client: Client, lesson: Lesson
) -> None:
    """They could when they were saved: the variable was empty then."""
    client.force_login(make_superuser())
    client.post("/admin/personalization/variableentry/add/", {"name": "tone", "kind": "text", "typed": ""})
    loop = "{% for b, c in var.tone %}{% endfor %}"
    draft, _ = save_draft(key=key, content=loop + shipped_prompts()[key])
    address = "/admin/personalization/variableentry/var_5Ftone/change/"
    page = client.get(address).context["adminform"].form
    seen = page.initial["seen"]
    assert client.post(address, {"typed": "warm", "seen": seen}).status_code == 302
    answer = client.get(f"/admin/personalization/promptentry/{key}/{draft.number}/live/")
    html = answer.content.decode()
    assert "It cannot go live. Line 1: It cannot be filled in" in html
    assert "Change the words" in html
    assert f"Make version {draft.number} live</button>" not in html


def test_a_live_prompt_that_cannot_be_filled_in_stops_no_page(client: Client, lesson: Lesson) -> None:
    """What it would cost is counted by the shipped words then."""
    text_of(lesson)
    broken = "{% for a, b in format.name %}{% endfor %}" + SHIPPED
    ConfigEntry.objects.filter(pk=PERSONALIZATION).update(value={"content": broken})
    client.force_login(make_superuser())
    draft, _ = save_draft(key=PERSONALIZATION, content=NEWER)
    answer = client.get(f"/admin/personalization/promptentry/{PERSONALIZATION}/{draft.number}/live/")
    assert "1 more was stale already." in answer.content.decode()
    assert preview(Selection(), "openai").to_write == 1
