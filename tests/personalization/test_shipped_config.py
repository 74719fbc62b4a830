"""What ships for app_config is entered where it is missing, and no text becomes stale by that."""

import pytest
from django.conf import settings
from django.db import connection

from personalization.brief import Recipe
from personalization.live_prompts import live_content, live_prompts
from personalization.models import ConfigEntry, PromptVersion
from personalization.services.prompt_versions import effect_of, written_by
from personalization.services.work import make_brief
from personalization.shipped_config import (
    FORMER_VERSION,
    PERSONALIZATION,
    former_prompt,
    load_shipped,
    shipped_prompts,
)
from personalization.supervisor import guidance
from personalization.text_queries import text_counts
from tests.builders import make_learner, make_lesson, make_text

pytestmark = pytest.mark.django_db

CLUSTER = "prompt_cluster_visual_basic"


def test_what_ships_is_live_as_version_1_and_can_be_used() -> None:
    prompts = live_prompts()
    assert prompts.personal.name == "personalization:1"
    assert prompts.personal.problem == ""
    assert guidance("visual_basic", "ru", prompts.guidance) == guidance("visual_basic", "ru")
    assert prompts.clusters[CLUSTER] == "visual_basic:1"
    assert PromptVersion.objects.filter(number=1, note="As shipped", is_draft=False).count() == 9


def test_what_ships_is_entered_only_where_it_is_missing() -> None:
    ConfigEntry.objects.filter(pk=PERSONALIZATION).update(value={"content": "mine"})
    PromptVersion.objects.all().delete()
    ConfigEntry.objects.filter(pk=CLUSTER).delete()
    with connection.cursor() as cursor:
        assert load_shipped(cursor) == [CLUSTER]
        assert load_shipped(cursor) == []
    assert live_content(PERSONALIZATION) == "mine"
    versions = dict(PromptVersion.objects.filter(number=1).values_list("key", "note"))
    assert (versions[PERSONALIZATION], versions[CLUSTER]) == ("", "As shipped")


def test_where_a_model_has_written_before_its_prompt_stays_and_no_text_becomes_stale() -> None:
    lesson = make_lesson()
    learner = make_learner(course=lesson.course)
    former = Recipe("openai", settings.OPENAI_MODEL, FORMER_VERSION)
    made_before = make_brief(learner, lesson).fingerprint(former)
    make_text(learner, lesson, origin="openai", fingerprint=made_before, prompt_version=FORMER_VERSION)
    ConfigEntry.objects.all().delete()
    PromptVersion.objects.all().delete()
    with connection.cursor() as cursor:
        load_shipped(cursor)
    assert text_counts([learner.pk])[learner.pk].stale == 0
    version, draft = PromptVersion.objects.filter(key=PERSONALIZATION).order_by("number")
    assert written_by(version) == FORMER_VERSION
    assert (version.is_draft, version.content) == (False, former_prompt())
    assert (draft.number, draft.is_draft, draft.content) == (2, True, shipped_prompts()[PERSONALIZATION])
    effect = effect_of(draft)
    assert (effect.becoming, effect.before) == (1, 0)
