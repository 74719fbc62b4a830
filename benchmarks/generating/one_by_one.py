"""The baseline: a loop as the old system had it. One text after the other, a client for each, and a pause."""

import json
import time
from typing import Any, cast

from openai import OpenAI

from personalization.brief import Brief
from personalization.models import PersonalizedLessonDescription, Profile
from personalization.prompts import messages

PAUSE = 2.0  # seconds after each text, against the provider's limits


def one_by_one(base_url: str, todo: list[tuple[Profile, Brief]]) -> float:
    """The seconds that it takes."""
    began = time.perf_counter()
    for profile, brief in todo:
        with OpenAI(base_url=base_url, api_key="fake") as client:
            completion = client.chat.completions.create(
                model="old",
                messages=cast("Any", messages(brief)),
                response_format={"type": "json_object"},
            )
        content = json.loads(completion.choices[0].message.content or "{}")
        PersonalizedLessonDescription.objects.update_or_create(
            profile=profile, lesson_id=brief.lesson_id, defaults={"content": content}
        )
        time.sleep(PAUSE)
    return time.perf_counter() - began
