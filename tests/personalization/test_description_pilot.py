"""A draft of the descriptions' prompt on its way: tried, compared with today's, made live, accepted."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from courses.models import Lesson, LessonDescription
from personalization.errors import PlanRefused
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun, Pilot
from personalization.models import PromptVersion as Version
from personalization.models.runs import PILOT_PRIORITY
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.services.drain import drain
from personalization.services.pilot import Accepted, accept_pilot, pilot_items
from personalization.services.prompt_trial import start_lesson_trial
from personalization.services.prompt_versions import make_live, save_draft
from personalization.shipped_config import shipped_prompts
from tests.builders import DESCRIPTION, make_superuser
from tests.personalization.templates import SAID, ended, start
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")

NEWER = shipped_prompts()[LESSON_TEMPLATE].replace("Правила:\n", "Правила:\n- Начните с вопроса.\n")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    return fake_model


@pytest.fixture
def folder(tmp_path: Path) -> CourseBuilder:
    """Seven lessons; the first has a description."""
    course = StoreBuilder(tmp_path).course()
    for number in range(1, 8):
        course.lesson(number)
        course.transcript(number, SAID)
    course.template(1)
    imported(tmp_path)
    return course


@pytest.fixture
def version(db: None) -> Version:
    return save_draft(key=LESSON_TEMPLATE, content=NEWER, note="A question first")[0]


def lessons(*numbers: int) -> list[Lesson]:
    return list(Lesson.objects.filter(lesson_number__in=numbers))


def page(name: str) -> str:
    return reverse(f"admin:personalization_promptentry_{name}", args=[LESSON_TEMPLATE, 2])


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def tried(client: Client, *numbers: int) -> GenerationRun:
    chosen = [str(lesson.pk) for lesson in lessons(*numbers)]
    course = Lesson.objects.all()[0].course
    data = {"course": course.slug, "lesson": chosen[0]}
    assert "Lessons, up to 5" in words(client.get(page("try"), {**data, "show": "1"}))
    client.post(page("try"), {**data, "lessons": chosen, "token": "once", "start": "1"})
    drain()
    return GenerationRun.objects.latest("created_at")


def test_a_draft_is_tried_compared_made_live_and_accepted(
    model: RunningFakeModel, folder: CourseBuilder, version: Version, client: Client
) -> None:
    client.force_login(make_superuser("me"))
    file = folder.path / f"1-{lesson_id(1)}-final.json"
    before, today = file.read_bytes(), LessonDescription.objects.get().data
    run = tried(client, 1, 2)
    assert (run.pilot, model.stats()["requests"]) == (Pilot.WAITING, 2)
    assert {item.priority for item in GenerationItem.objects.all()} == {PILOT_PRIORITY}, "not published yet"
    assert "Начните с вопроса" in str(model.prompts())
    assert LessonDescription.objects.get().data == today
    assert file.read_bytes() == before

    drafts = {item.lesson_id: item.answer for item in pilot_items(run.pk)}
    shown = words(client.get(reverse("admin:personalization_generationrun_pilot", args=[run.pk])))
    assert "Standard description now" in shown
    assert shown.count("<article") == 2
    assert today["introduction"] in shown
    assert drafts[lesson_id(1)]["introduction"] in shown
    assert "These drafts try version 2 of a prompt" in shown
    with pytest.raises(PlanRefused, match="not live"):
        accept_pilot(run)

    client.post(page("live"), {"seen": 1})
    client.post(reverse("admin:personalization_generationrun_command", args=[run.pk]), {"command": "accept"})
    drain()
    assert model.stats()["requests"] == 2, "the draft that was read is the description that is published"
    assert ended(run) == [(1, "done", ""), (2, "done", "")]
    assert dict(LessonDescription.objects.values_list("lesson_id", "data")) == drafts
    assert json.loads(file.read_bytes()) == drafts[lesson_id(1)]


def test_a_draft_that_is_accepted_while_it_is_written_has_its_file(
    model: RunningFakeModel, folder: CourseBuilder, version: Version
) -> None:
    run = start_lesson_trial(version=version, lessons=lessons(1), token="t").run
    make_live(version=version, seen=1)
    model.set(latency=1500)  # longer than a drain waits until it looks again
    accepted: list[Accepted | None] = []

    def accept() -> bool:
        if model.stats()["in_flight"] and not accepted:
            accepted.extend(at_once(lambda: accept_pilot(run)))
        return False

    drain(accept)
    assert (accepted, model.stats()["requests"]) == ([Accepted(0)], 1)
    assert ended(run) == [(1, "done", "")]
    said = json.loads((folder.path / f"1-{lesson_id(1)}-final.json").read_bytes())
    assert said == LessonDescription.objects.get().data


def test_a_trial_that_is_thrown_away_leaves_everything(
    model: RunningFakeModel, folder: CourseBuilder, version: Version, client: Client
) -> None:
    client.force_login(make_superuser("me"))
    today = LessonDescription.objects.get().data
    run = tried(client, 1)
    command = reverse("admin:personalization_generationrun_command", args=[run.pk])
    client.post(command, {"command": "throw_away"})
    drain()
    assert ended(run) == [(1, "cancelled", "")]
    assert LessonDescription.objects.get().data == today


@pytest.mark.parametrize("numbers", [(), (1, 2, 3, 4, 5, 6)])
def test_one_to_five_lessons_are_tried(
    model: RunningFakeModel, folder: CourseBuilder, version: Version, numbers: tuple[int, ...]
) -> None:
    with pytest.raises(PlanRefused, match="one to 5 lessons"):
        start_lesson_trial(version=version, lessons=lessons(*numbers), token="t")
    assert not GenerationRun.objects.exists()


def test_what_waits_in_another_run_is_not_taken_from_it(
    model: RunningFakeModel, folder: CourseBuilder, version: Version
) -> None:
    other = start()
    with pytest.raises(PlanRefused, match="waiting in another run"):
        start_lesson_trial(version=version, lessons=lessons(1), token="t")
    assert other.items.count() == 7


# --- descriptions that an editor changed ---

EDITED = "An editor changed this description: a pilot leaves it as it is."


def edited(*numbers: int) -> None:
    """By an editor; lessons without a description get one."""
    for lesson in lessons(*numbers):
        described, _ = LessonDescription.objects.get_or_create(lesson=lesson, defaults={"data": DESCRIPTION})
        LessonDescription.objects.filter(pk=described.pk).update(edited_at=timezone.now())


def tried_page(client: Client, lesson: Lesson) -> str:
    client.force_login(make_superuser("me"))
    return words(
        client.get(page("try"), {"course": lesson.course.slug, "lesson": str(lesson.pk), "show": "1"})
    )


def tried_parts(shown: str) -> list[str]:
    """What stands above the messages, they themselves, and the form of the pilot."""
    above, rest = shown.split("<details", 1)
    return [above, *rest.split("</section>", 1)]


def test_of_an_edited_description_the_page_says_that_it_stays_and_shows_its_messages(
    model: RunningFakeModel, folder: CourseBuilder, version: Version, client: Client
) -> None:
    edited(1)
    shown = tried_page(client, lessons(1)[0])
    notice, messages, form = tried_parts(shown)
    assert EDITED in notice
    assert "Начните с вопроса" in messages
    assert form.count(EDITED) == 1


def test_beside_an_edited_description_the_others_are_tried_and_the_page_says_which_is_left_out(
    model: RunningFakeModel, folder: CourseBuilder, version: Version, client: Client
) -> None:
    edited(1)
    notice, _messages, form = tried_parts(tried_page(client, lessons(2)[0]))
    assert EDITED not in notice, "of another lesson"
    labels = form.split("<label")[1:]
    assert [EDITED in label for label in labels] == [True, *[False] * 6]
    run = tried(client, 1, 2)
    assert ended(run) == [(1, "skipped", "locked"), (2, "held", "pilot")]


def test_where_an_editor_changed_all_descriptions_no_pilot_starts(
    model: RunningFakeModel, folder: CourseBuilder, version: Version, client: Client
) -> None:
    edited(1, 2)
    client.force_login(make_superuser("me"))
    chosen = [str(lesson.pk) for lesson in lessons(1, 2)]
    data = {"course": lessons(1)[0].course.slug, "lesson": chosen[0], "lessons": chosen, "start": "1"}
    said = words(client.post(page("try"), data | {"token": "t"}))
    assert said.count("An editor changed the descriptions of all these lessons") == 1
    assert not GenerationRun.objects.exists()


def test_a_second_click_gives_the_run_though_the_description_is_edited_meanwhile(
    model: RunningFakeModel, folder: CourseBuilder, version: Version
) -> None:
    first = start_lesson_trial(version=version, lessons=lessons(1), token="t").run
    edited(1)
    assert start_lesson_trial(version=version, lessons=lessons(1), token="t").run == first
