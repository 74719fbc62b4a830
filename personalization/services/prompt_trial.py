"""A version of a prompt is tried: with one lesson and a few learners, before anybody else's texts change."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from courses.models import Lesson
from courses.services.stores import known_stores
from personalization.brief import Brief, reason_to_skip
from personalization.errors import PlanRefused
from personalization.live_prompts import live_prompts
from personalization.models import GenerationItem, Profile, PromptVersion
from personalization.models.runs import ENDED, Backend, Kind
from personalization.pairs import Selection
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.prompts import messages
from personalization.services.clusters import UNREFINED, clusters_for
from personalization.services.course_parts import course_parts
from personalization.services.runs import Started, start_run
from personalization.services.sources import transcripts
from personalization.services.template_runs import start_template_run
from personalization.services.template_work import template_brief
from personalization.services.work import make_brief
from personalization.tokens import estimated_tokens
from personalization.writers.registry import current_recipe, model_of

MOST_LEARNERS = 5
MOST_LESSONS = 5  # whose descriptions are written to try a prompt


@dataclass(frozen=True, slots=True)
class Message:
    """`role`: of the chat. `tokens`: an estimate."""

    role: str
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What would be sent for one learner. `skipped`: a code why a run would write nothing, or ""."""

    profile: Profile
    messages: tuple[Message, ...]
    cluster: str
    skipped: str = ""

    @property
    def tokens(self) -> int:
        return sum(message.tokens for message in self.messages)


def trials(version: PromptVersion, lesson: Lesson, profiles: Sequence[Profile]) -> list[Trial]:
    """The exact messages, as a run would send them. Raises RunBlocked where the prompt cannot be used.

    `lesson` has its course.
    """
    prompts = live_prompts(version)
    recipe = current_recipe(Backend.OPENAI, prompts.personal)
    clusters, parts = clusters_for(profiles), course_parts([lesson.course_id])[lesson.course_id]
    found = []
    for profile in profiles:
        cluster = clusters.get(profile.pk, UNREFINED)
        brief = make_brief(profile, lesson, cluster, parts, prompts)
        reason = reason_to_skip(brief, None, recipe, force=True)
        found.append(Trial(profile, _sent(brief), cluster, reason or ""))
    return found


def lesson_trial(version: PromptVersion, lesson: Lesson) -> tuple[Message, ...]:
    """What the lesson's standard description would be asked for with. Raises RunBlocked."""
    said = transcripts([lesson], model_of(Backend.OPENAI))[lesson.pk]
    return _sent(template_brief(lesson, live_prompts(version).lesson, said))


def _sent(brief: Brief) -> tuple[Message, ...]:
    return tuple(
        Message(message["role"], message["content"], estimated_tokens(message["content"]))
        for message in messages(brief)
    )


def start_trial(
    *,
    version: PromptVersion,
    lesson: Lesson,
    profiles: Sequence[Profile],
    token: str,
    user: User | None = None,
) -> Started:
    """A pilot of these learners' texts for the lesson; nobody sees them before the version is live and they
    are accepted. Raises PlanRefused."""
    if version.key == LESSON_TEMPLATE:
        raise PlanRefused(_("This prompt writes no personal texts."))
    if not 1 <= len(profiles) <= MOST_LEARNERS:
        raise PlanRefused(_("Choose one to %(most)s learners.") % {"most": MOST_LEARNERS})
    open_items = GenerationItem.objects.filter(profile__in=profiles, lesson=lesson).exclude(state__in=ENDED)
    if open_items.exclude(run__idempotency_key=token).exists():
        # They would go over to this run, and with it be thrown away.
        raise PlanRefused(
            _(
                "A text of one of these learners is waiting in another run. Choose others, or wait for that "
                "run."
            )
        )
    return start_run(
        selection=Selection(
            profiles=tuple(sorted(profile.pk for profile in profiles)),
            course=lesson.course_id,
            lessons=(lesson.lesson_number,),
        ),
        backend=Backend.OPENAI,
        force=True,  # also where the version would send what was sent before
        pilot=MOST_LEARNERS,
        requested_by=user,
        idempotency_key=token,
        tried_version=version.pk,
    )


def start_lesson_trial(
    *, version: PromptVersion, lessons: Sequence[Lesson], token: str, user: User | None = None
) -> Started:
    """A pilot of these lessons' standard descriptions; lessons keep what they have before the version is live
    and they are accepted, and then their files say it, too. Raises PlanRefused."""
    if version.key != LESSON_TEMPLATE:
        raise PlanRefused(_("This prompt writes no standard descriptions."))
    if not 1 <= len(lessons) <= MOST_LESSONS:
        raise PlanRefused(_("Choose one to %(most)s lessons.") % {"most": MOST_LESSONS})
    open_items = GenerationItem.objects.filter(kind=Kind.TEMPLATES, lesson__in=lessons).exclude(
        state__in=ENDED
    )
    if open_items.exclude(run__idempotency_key=token).exists():
        raise PlanRefused(
            _(
                "The description of one of these lessons is waiting in another run. Choose others, or wait "
                "for that run."
            )
        )
    return start_template_run(
        lessons=[lesson.pk for lesson in lessons],
        stores=known_stores({lesson.course_id for lesson in lessons}),
        force=True,  # also where the version would send what was sent before
        requested_by=user,
        idempotency_key=token,
        tried_version=version.pk,
    )
