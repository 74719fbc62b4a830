"""What an item does while nobody is served: its pauses outlast a minute, and keep what the provider asked."""

from uuid import uuid4

import pytest

from personalization.errors import Transient
from personalization.models import GenerationRun
from personalization.services.attempts import Claim
from personalization.services.mishaps import LONGEST_PAUSE
from personalization.services.work import failed, make_brief, make_job
from tests.builders import make_course, make_learner, make_lesson

MOST_ATTEMPTS = 6
BASE = 2.0  # seconds, the setting's default

pytestmark = pytest.mark.django_db


def pauses(retry_after: float | None = None) -> list[float]:
    """Those of an item that is refused each time, until its last attempt."""
    course = make_course()
    brief = make_brief(make_learner(course=course), make_lesson(course))
    delays = []
    for attempts in range(1, MOST_ATTEMPTS):
        claim = Claim(1, uuid4(), uuid4(), uuid4(), uuid4(), attempts, 1)
        job = make_job(claim, GenerationRun(backend="openai"), brief)
        error = Transient("http_500", "the endpoint answered 500", retry_after)
        delays.append(failed(job, error, base_pause=BASE).delay)
    return delays


@pytest.mark.parametrize("retry_after", [None, 0, 1])
def test_an_outage_of_a_minute_fails_nothing(retry_after: float | None) -> None:
    assert sum(pauses(retry_after)) > 60


def test_pauses_grow_and_stay_bounded() -> None:
    found = pauses()
    assert found == sorted(found)
    assert max(found) <= LONGEST_PAUSE


def test_what_the_provider_asks_for_is_kept_also_where_it_is_long() -> None:
    assert all(120 <= pause <= 121 for pause in pauses(retry_after=120))
