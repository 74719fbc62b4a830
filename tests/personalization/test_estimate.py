"""What a run will cost, before it starts: from sizes, and from what past calls teach."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from courses.models import Course
from personalization.costs.estimate import Estimate, estimate
from personalization.costs.learning import FEWEST, Learned, learned
from personalization.costs.words import budget_said, estimate_said
from personalization.models import Profile
from personalization.pairs import Selection
from personalization.pricing import cost_micro
from personalization.prompts import messages
from personalization.queries import preview
from personalization.services.work import make_brief
from personalization.sizes import SHORTEST_CACHED
from personalization.template_queries import preview_templates
from personalization.tokens import estimated_tokens, likely_tokens
from personalization.writers.base import Usage
from tests.builders import make_call, make_course, make_item, make_learner, make_lesson, make_run, make_text

pytestmark = pytest.mark.django_db
MODEL = "gpt-4.1-mini"
LONG = "Садитесь прямо, опустите плечи и положите тёплые ладони на шею. " * 100


@pytest.fixture
def course() -> Course:
    """Two lessons that are long enough to be cached, three learners who have answered and one who has not."""
    course = make_course("shvz")
    for number in (1, 2):
        make_lesson(course, number, transcript=LONG)
    for _ in range(3):
        make_learner(course=course)
    make_learner(course=course, survey=None)
    return course


def estimated(**options: Any) -> Estimate:
    return estimate(preview(Selection(), "openai", **options).sizes, "openai")


def calls(course: Course, count: int = FEWEST, **fields: Any) -> None:
    """So many calls for the course's lessons and learners, of one run."""
    run = make_run(backend="openai")
    lessons = list(course.lessons.order_by("lesson_number"))
    learners = list(Profile.objects.filter(survey__isnull=False).order_by("pk"))
    for number in range(count):
        lesson, learner = lessons[number % len(lessons)], learners[number // len(lessons) % len(learners)]
        make_call(make_item(run, learner, lesson, state="done"), **fields)


# --- sizes ---


def test_the_sizes_are_those_of_the_prompts(course: Course) -> None:
    [size] = preview(Selection(), "openai").sizes
    prompts = [
        sum(estimated_tokens(message["content"]) for message in messages(make_brief(learner, lesson)))
        for learner in Profile.objects.filter(survey__isnull=False)
        for lesson in course.lessons.select_related("course")
    ]
    assert (size.format, size.language, size.texts) == ("personal", "ru", 6)
    # The schema and the frame of messages come on top.
    assert sum(prompts) < size.input_tokens < sum(prompts) * 1.2


def test_all_but_the_first_learner_of_a_lesson_are_cached(course: Course) -> None:
    [three] = preview(Selection(), "openai").sizes
    [one] = preview(Selection(profiles=(Profile.objects.filter(survey__isnull=False)[0].pk,)), "openai").sizes
    assert one.cacheable_tokens == 0
    assert 0.55 < three.cacheable_tokens / three.input_tokens < 2 / 3


def test_a_short_prompt_is_not_cached() -> None:
    course = make_course(language="en")
    make_lesson(course, transcript="Sit down and put your warm hands on your shoulders. " * 5)
    for _ in range(3):
        make_learner(course=course)
    [size] = preview(Selection(), "openai").sizes
    assert size.input_tokens < 3 * SHORTEST_CACHED
    assert size.cacheable_tokens == 0


def test_what_is_not_written_has_no_size(course: Course) -> None:
    whole = estimated()
    learner = Profile.objects.filter(survey__isnull=False)[0]
    make_text(learner, course.lessons.get(lesson_number=1), edited_at="2026-01-02T03:04Z")
    assert whole.usage.input_tokens > estimated().usage.input_tokens
    assert estimated(replace_locked=True).usage == whole.usage
    Profile.objects.update(survey=None)
    assert estimated() == Estimate(MODEL, Usage(), 0, 0)


def test_formats_and_languages_are_told_apart(course: Course) -> None:
    other = make_course(language="en", personal_format="extended")
    make_lesson(other)
    make_learner(course=other)
    sizes = preview(Selection(), "openai").sizes
    assert sorted((size.format, size.language, size.texts) for size in sizes) == [
        ("extended", "en", 1),
        ("personal", "ru", 6),
    ]


def test_a_format_that_nobody_knows_is_estimated_as_the_first(course: Course) -> None:
    Course.objects.update(personal_format="unknown")
    assert estimated().usage.input_tokens > 0


# --- nothing learned yet ---


def test_without_past_calls_sizes_and_guidance_speak(course: Course) -> None:
    [size] = preview(Selection(), "openai").sizes
    found = estimated()
    output = 6 * likely_tokens(make_brief(*_pair(course)).format, "ru")
    given, cached, written = (round(n / 1.7) for n in (size.input_tokens, size.cacheable_tokens, output))
    assert found.usage == Usage(given, cached, written), "ours are more than the model's own tokens"
    assert found.micro == cost_micro(MODEL, found.usage) > 0
    assert found.learned_from == 0
    assert "No earlier call of" in " ".join(estimate_said(found))


def _pair(course: Course) -> tuple[Profile, Any]:
    return Profile.objects.all()[0], course.lessons.select_related("course")[0]


def test_of_a_model_whose_tokens_nobody_has_compared_the_sizes_are_told_as_they_are(
    course: Course, settings: Settings
) -> None:
    settings.OPENAI_MODEL = "local-8b"
    [size] = preview(Selection(), "openai").sizes
    assert (estimated().usage.input_tokens, estimated().usage.cached_tokens) == (
        size.input_tokens,
        size.cacheable_tokens,
    )


def test_the_simple_writer_costs_nothing(course: Course) -> None:
    found = estimate(preview(Selection(), "simple").sizes, "simple")
    assert (found.micro, found.free, estimate_said(found), budget_said(found, 1)) == (0, True, [], "")


def test_a_model_without_a_price(course: Course, settings: Settings) -> None:
    settings.OPENAI_MODEL = "mystery"
    found = estimated()
    assert found.micro == 0
    assert found.usage.input_tokens > 0
    assert "“mystery” has no price" in estimate_said(found)[0]


# --- learned from the ledger ---


def test_a_few_calls_teach_nothing(course: Course) -> None:
    calls(course, FEWEST - 1)
    assert learned(MODEL) == Learned()


def test_the_tokens_of_the_last_calls_correct_the_sizes(course: Course) -> None:
    [size] = preview(Selection(), "openai").sizes
    calls(course, 6, input_tokens=2_000, cached_tokens=0, output_tokens=333)
    found = estimated()
    assert found.learned_from == 6
    assert abs(found.usage.input_tokens - 6 * 2_000) <= 6
    assert found.usage.cached_tokens == 0  # this provider caches nothing, whatever the order
    assert found.usage.output_tokens == 6 * 333
    assert size.input_tokens > found.usage.input_tokens
    assert "by what the last 6 calls of gpt-4.1-mini used" in " ".join(estimate_said(found))


def test_the_share_that_was_cached_is_learned(course: Course) -> None:
    run, lesson = make_run(), course.lessons.get(lesson_number=1)
    for number, learner in enumerate(Profile.objects.filter(survey__isnull=False)):
        for _ in range(2):
            item = make_item(run, learner, lesson, state="done")
            make_call(item, input_tokens=4_000, cached_tokens=3_000 if number else 0)
    past = learned(MODEL).of("personal", "ru")
    assert past.cached is not None
    assert 0 < past.cached < 1.5
    [size] = preview(Selection(), "openai").sizes
    assert estimated().usage.cached_tokens == round(size.cacheable_tokens * past.cached)


def test_no_more_is_cached_than_what_learners_share(course: Course) -> None:
    [size] = preview(Selection(), "openai").sizes
    calls(course, 6, input_tokens=2_000, cached_tokens=2_000)
    usage = estimated().usage
    share = size.cacheable_tokens / size.input_tokens
    assert usage.cached_tokens == pytest.approx(share * usage.input_tokens, abs=1)


def test_what_failed_calls_cost_is_added(course: Course) -> None:
    calls(course, 6, actual_micro=1_000)
    plain = estimated().usage
    for _ in range(3):
        make_call(state="bad", actual_micro=1_000)
    wasteful = estimated().usage
    assert wasteful.output_tokens == round(1.5 * plain.output_tokens)
    make_call(state="unknown", actual_micro=900_000, input_tokens=0)
    assert estimated().usage.output_tokens == 3 * plain.output_tokens


def test_other_models_and_unsettled_calls_teach_nothing(course: Course) -> None:
    calls(course, 6, model="other")
    calls(course, 6, state="reserved", actual_micro=None, finished_at=None)
    make_call(None)  # its learner was erased
    assert learned(MODEL) == Learned()


def test_answers_are_learned_by_format_and_language(course: Course) -> None:
    calls(course, 6, output_tokens=200)
    other = make_course(personal_format="extended")
    lesson = make_lesson(other)
    for _ in range(2):
        make_call(make_item(make_run(), make_learner(course=other), lesson, state="done"), output_tokens=700)
    assert learned(MODEL).output == {("personal", "ru"): 200.0, ("extended", "ru"): 700.0}


def test_sizes_are_corrected_by_format_and_language(course: Course) -> None:
    calls(course, 6, input_tokens=2_000)
    other = make_course(language="en")
    lesson = make_lesson(other, transcript="Sit down and put your warm hands on your shoulders. " * 100)
    learner = make_learner(course=other)
    calls(other, FEWEST, input_tokens=9_000)
    found = estimate(preview(Selection(profiles=(learner.pk,)), "openai").sizes, "openai")
    assert found.usage.input_tokens == pytest.approx(9_000, abs=1)
    lesson.delete()
    assert learned(MODEL).of("personal", "en") == learned(MODEL).all, "nothing of it is left"


def test_standard_descriptions_are_learned_apart(course: Course) -> None:
    lessons = list(course.lessons.values_list("pk", flat=True))
    calls(course, 6, output_tokens=200)
    run = make_run(kind="templates", backend="openai")
    for lesson in course.lessons.all():
        for _ in range(3):
            item = make_item(run, None, lesson, state="done")
            make_call(item, input_tokens=3_000, cached_tokens=1_000, output_tokens=700)
    found = estimate(preview_templates(lessons).sizes, "openai", "templates")
    assert (found.learned_from, found.usage) == (6, Usage(2 * 3_000, 0, 2 * 700))
    assert learned(MODEL).output == {("personal", "ru"): 200.0}


def test_an_estimate_takes_three_statements_more(
    course: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # The preview and the estimate each read the live prompts; the preview the surveys' contact keys too.
    with django_assert_num_queries(6):
        estimated()


# --- budgets ---


def test_a_budget_below_the_estimate_is_warned_of() -> None:
    found = Estimate(MODEL, Usage(1, 0, 1), 2_000_000, 0)
    assert "The budget of 1.50 USD is below the estimate of 2.00 USD" in budget_said(found, 1_500_000)
    assert budget_said(found, 2_000_000) == budget_said(found, None) == ""


def test_by_sizes_alone_the_cache_is_named_and_nothing_is_called_the_most(course: Course) -> None:
    assert estimated().usage.cached_tokens > 0
    said = estimate_said(estimated())[0]
    assert "if the provider's cache serves" in said
    assert "at most" not in said
