"""kill -9 of a real worker while it condenses: another goes on where it was, and pays nothing twice."""

from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import CondensedPart, CondensedSource, ModelCall, PersonalizedLessonDescription
from personalization.queries import progress
from tests.builders import make_course, make_learner, make_lesson
from tests.conftest import WorkerStarter
from tests.personalization.long_lessons import SENTENCE, parts_asked
from tests.personalization.test_worker import ended, model_variables, start
from tests.processes import until

WINDOWS = "gpt-4.1-mini = 12k, 3k out"
LEARNERS = 3
# No two parts alike: what is said twice is condensed once.
SAID = "".join(SENTENCE.replace("ладони", letter * 6) * 75 for letter in "абвгдежз")


def test_a_worker_killed_while_it_condenses_pays_no_part_twice(
    start_worker: WorkerStarter, fake_model: RunningFakeModel, settings: Settings
) -> None:
    settings.MODEL_WINDOWS = WINDOWS
    lesson = make_lesson(make_course(), transcript=SAID)
    for _ in range(LEARNERS):
        make_learner(course=lesson.course)
    fake_model.set(latency=400)
    variables = model_variables(fake_model, MODEL_WINDOWS=WINDOWS)
    first = start_worker(**variables)
    run = start()
    until(lambda: CondensedPart.objects.count() >= 2, "two parts are paid for and kept")
    first.kill()
    kept = CondensedPart.objects.count()
    assert not CondensedSource.objects.filter(text__isnull=False).exists(), "the kill came in the middle"

    start_worker(**variables)
    until(lambda: ended(run), "the run ends by itself")
    asked = parts_asked(fake_model)
    parts = int(asked[0].rsplit(" ", 1)[1])
    assert set(asked) == {f"Part {number} of {parts}" for number in range(1, parts + 1)}
    assert [asked.count(f"Part {number} of {parts}") for number in range(1, kept + 1)] == [1] * kept
    assert len(asked) <= parts + 1, "the one that was under way"
    assert ModelCall.objects.filter(state="unknown").count() <= 1
    assert progress(run).counts == {"done": LEARNERS}
    texts = PersonalizedLessonDescription.objects.values_list("written_from", flat=True)
    assert list(texts) == ["condensed"] * LEARNERS
