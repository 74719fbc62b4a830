"""Two processes, one limit, a provider that refuses above it: what they share is enough and no more."""

import json
import os
import time
from collections import Counter
from uuid import uuid4

from django.conf import settings

from persona_site.embedded.valkey import Valkey
from personalization.fake_model import running_fake_model
from tests.forked import Forked

RPM, MINUTE = 60, 3.0  # 20 a second
COUNT = 40


def test_two_processes_keep_within_one_limit() -> None:
    valkey = Valkey(settings.VAR)
    valkey.ensure()
    key = uuid4().hex
    with running_fake_model(rpm=RPM, minute=MINUTE) as model:
        command = ["-m", "tests.personalization.limited_process", valkey.broker_url, key]
        command += [str(RPM), str(MINUTE), model.base_url, str(COUNT)]
        began = time.monotonic()
        env = dict(os.environ)
        with Forked(*command, env=env) as one, Forked(*command, env=env) as other:
            printed = [process.communicate(timeout=60)[0] for process in (one, other)]
        took = time.monotonic() - began
    statuses: Counter[str] = Counter()
    for text in printed:
        statuses.update(json.loads(text))
    assert statuses.total() == 2 * COUNT
    assert statuses.keys() <= {"200", "429"}
    # Each for itself they would send 40 a second, of which 20 are let through.
    assert statuses["429"] <= 5
    assert took > (2 * COUNT - RPM) / 20
