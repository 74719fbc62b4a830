"""Clusters: calculated for many learners at once, and kept."""

import json
import logging
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, NamedTuple
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from courses.models import Course
from personalization.knowledge import Asked, asked_in, depth_said, knowledge, style_said
from personalization.models import Profile, UserCluster
from personalization.supervisor import BALANCED, CLUSTERS, Assessment, assess
from personalization.supervisor.factors import learning_style_factor, technical_depth_factor
from personalization.supervisor.tables import LEARNING_STYLE, TECHNICAL_DEPTH

log = logging.getLogger(__name__)
BATCH = 2_000  # learners; a transaction each
GOOD_FOR = timedelta(days=7)
UNREFINED = ""  # in a cluster's place: the prompt stays as it was
NONE_YET = "none"

# Sorted and locked in one order, so that two who calculate the same learners wait and do not deadlock. Who
# was deleted meanwhile is left out.
_STORE = """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(%s::jsonb) AS given (user_id uuid, cluster_type text,
            cluster_score float, learning_style jsonb, technical_depth jsonb, quiz_performance jsonb,
            feedback_pattern jsonb)
    ), learner AS MATERIALIZED (
        SELECT id FROM profiles WHERE id IN (SELECT user_id FROM given) ORDER BY id FOR KEY SHARE
    )
    INSERT INTO user_clusters (user_id, cluster_type, cluster_score, last_calculated, learning_style_factor,
        technical_depth_factor, quiz_performance_factor, feedback_pattern_factor)
    SELECT user_id, cluster_type, cluster_score, clock_timestamp(), learning_style, technical_depth,
        quiz_performance, feedback_pattern
    FROM given JOIN learner ON learner.id = given.user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET cluster_type = excluded.cluster_type,
        cluster_score = excluded.cluster_score, last_calculated = excluded.last_calculated,
        learning_style_factor = excluded.learning_style_factor,
        technical_depth_factor = excluded.technical_depth_factor,
        quiz_performance_factor = excluded.quiz_performance_factor,
        feedback_pattern_factor = excluded.feedback_pattern_factor
"""
_NEXT = """
    SELECT id FROM profiles
    WHERE (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
      AND (%(course)s::text IS NULL OR course_slug = %(course)s::text)
    ORDER BY id LIMIT %(batch)s
"""


@dataclass(slots=True)
class Recalculated:
    """How many learners went from which cluster to which; from NONE_YET: had none before."""

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def learners(self) -> int:
        return self.moves.total()

    @property
    def changed(self) -> int:
        """Whose texts are written with another guidance now: to have none yet is to be balanced."""
        return sum(count for (old, new), count in self.moves.items() if _effective(old) != new)

    def before(self) -> dict[str, int]:
        return self._counted(0, (*CLUSTERS, NONE_YET))

    def after(self) -> dict[str, int]:
        return self._counted(1, CLUSTERS)

    def _counted(self, side: int, clusters: Iterable[str]) -> dict[str, int]:
        counts = dict.fromkeys(clusters, 0)
        for move, count in self.moves.items():
            counts[move[side]] = counts.get(move[side], 0) + count
        return counts


def recalculate(*, profiles: Iterable[UUID], dry_run: bool = False) -> Recalculated:
    """The learners' clusters from what is known of them today; dry_run: nothing is written."""
    result = Recalculated()
    # In one order over all batches: the caller may hold them in one transaction.
    for batch in batched(sorted(set(profiles)), BATCH):
        result.moves += _recalculate(batch, dry_run=dry_run)
    return result


def recalculate_all(
    *, course: Course | None = None, dry_run: bool = False, tick: Callable[[int], None] = lambda _: None
) -> Recalculated:
    """All learners, or those of a course; a transaction for each batch, and `tick` with its size.

    Stopped in the middle, what is done stays done: every batch is right by itself.
    """
    result = Recalculated()
    for batch in _batches(course.slug if course else None):
        result.moves += _recalculate(batch, dry_run=dry_run)
        tick(len(batch))
    return result


def clusters_for(profiles: Collection[Profile]) -> dict[UUID, str]:
    """The cluster of each learner, calculated anew where it is older than seven days or the survey differs.

    Whatever goes wrong, a run goes on: the learners then have none, their prompts stay as they were, and it
    is logged. Only a lost connection is the caller's business.
    """
    try:
        with transaction.atomic():
            return _clusters(profiles)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # Without its words: they may quote a learner.
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("clusters: prompts are not refined: unexpected %s\n%s", type(error).__name__, frames)
        return {}


def stored_cluster(profile: UUID) -> str:
    """As it was last calculated; balanced where it never was."""
    found = UserCluster.objects.filter(user=profile).values_list("cluster_type", flat=True).first()
    return found or BALANCED


def _clusters(profiles: Collection[Profile]) -> dict[UUID, str]:
    rows = UserCluster.objects.filter(user__in=[profile.pk for profile in profiles])
    stored = {user: _Stored(*row) for user, *row in rows.values_list("user_id", *_STORED)}
    found = {user: row.cluster_type for user, row in stored.items()}
    asked = asked_in({row.course for row in stored.values()})
    due = [profile.pk for profile in profiles if _is_due(profile, stored.get(profile.pk), asked)]
    assessed = _assessed(due)
    _store(assessed)
    return found | {user: assessment.cluster for user, assessment in assessed.items()}


class _Stored(NamedTuple):
    """What of a learner's row a worker looks at: those of the factors that the survey decides."""

    cluster_type: str
    last_calculated: datetime
    learning_style_factor: Any
    technical_depth_factor: Any
    course: str | None


# The course with the row: a caller's profiles may be without it, and would ask for it one by one.
_STORED = (*_Stored._fields[:-1], "user__course_id")


def _is_due(profile: Profile, stored: _Stored | None, courses: Mapping[str | None, Asked]) -> bool:
    """Feedback and quizzes are calculated when they come; a survey, an answer as much as what its code
    means, may be changed by anything."""
    if stored is None or stored.last_calculated < timezone.now() - GOOD_FOR:
        return True
    survey, asked = profile.survey if isinstance(profile.survey, dict) else {}, courses.get(stored.course, {})
    style = learning_style_factor(style_said(survey.get(LEARNING_STYLE), asked))
    depth = technical_depth_factor(depth_said(survey.get(TECHNICAL_DEPTH), asked))
    return (stored.learning_style_factor, stored.technical_depth_factor) != (style, depth)


def _recalculate(profiles: Collection[UUID], *, dry_run: bool) -> Counter[tuple[str, str]]:
    with transaction.atomic():
        rows = UserCluster.objects.filter(user__in=profiles).values_list("user_id", "cluster_type")
        before = dict(rows)
        assessed = _assessed(profiles)
        if not dry_run:
            _store(assessed)
    return Counter((before.get(user, NONE_YET), found.cluster) for user, found in assessed.items())


def _assessed(profiles: Collection[UUID]) -> dict[UUID, Assessment]:
    return {user: assess(known) for user, known in knowledge(profiles).items()} if profiles else {}


def _store(assessed: dict[UUID, Assessment]) -> None:
    if assessed:
        rows = [_row(user, assessment) for user, assessment in assessed.items()]
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [json.dumps(rows)])


def _row(user: UUID, assessment: Assessment) -> dict[str, Any]:
    return {
        "user_id": str(user),
        "cluster_type": assessment.cluster,
        "cluster_score": assessment.score,
        **asdict(assessment.factors),
    }


def _batches(course: str | None) -> Iterator[list[UUID]]:
    after: UUID | None = None
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, {"after": after, "course": course, "batch": BATCH})
            batch = [row[0] for row in cursor.fetchall()]
        if not batch:
            return
        yield batch
        after = batch[-1]


def _effective(cluster: str) -> str:
    return BALANCED if cluster == NONE_YET else cluster
