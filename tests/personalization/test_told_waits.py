"""What the limiter of a worker has counted reaches the totals of all workers."""

import pytest

from personalization.models import LimiterWait
from personalization.services import watched
from personalization.services.drain import drain
from personalization.writers.limits.waits import waited

pytestmark = pytest.mark.usefixtures("transactional_db")


def test_the_end_of_a_drain_tells_what_was_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_told", {})
    waited("model-of-this-test", 1.5)
    drain()
    told = LimiterWait.objects.get(model="model-of-this-test")
    assert (told.waits, told.seconds, told.given_up) == (1, 1.5, 0)
    drain()
    assert LimiterWait.objects.get(model="model-of-this-test").waits == 1
