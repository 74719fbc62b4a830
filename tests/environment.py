"""Loaded before Django's settings: tests use servers and data of their own, and can spend nobody's money."""

import gc
import os
import signal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A job in the background of a shell is deaf to Ctrl-C, and so would be what its tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Nearly all that a test leaves goes without the collector. By default it looks after each 2,000 objects, and
# often through all that is imported: a tenth of the processor's time. conftest.py freezes what is imported.
gc.set_threshold(50_000, 20, 50)

os.environ["DEBUG"] = "true"
# A second test run beside this one needs servers of its own: PERSONA_TEST_VAR=/somewhere/else.
os.environ["PERSONA_VAR"] = os.environ.get("PERSONA_TEST_VAR") or str(ROOT / "var" / "test")
for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "MODEL_LIMITS",
    "MODEL_PRICES",
    "MODEL_WINDOWS",
    "SECRET_KEY",
    "COURSE_STORE_PATH",
    "LOG_FORMAT",
    "MEDIA_ROOT",
    "METRICS_TOKEN",
    "RELEASE",
    "SENTRY_DSN",
):
    # Blank, not absent: a developer's .env would fill in what is absent.
    os.environ[name] = ""
