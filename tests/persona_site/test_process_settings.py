"""What only one kind of process sets up for itself: a worker's Celery, and how long a statement may take."""

import json
from typing import Any

from django.db import connection

from personalization.pairs import Selection
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.processes import Environment, manage

SHOW = """
import json
{first}
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    found = {{"statement": cursor.fetchone()}}
{then}
print(json.dumps(found))
"""
CONF = """
from persona_site.celery import app
found |= {name: app.conf[name] for name in NAMES}
"""
# As measured in the design; where a figure is another one, settings and celery.py say why.
PROMISED: dict[str, Any] = {
    "task_acks_late": False,
    "task_ignore_result": True,
    "result_backend": None,
    "worker_prefetch_multiplier": 1,
    "worker_max_tasks_per_child": 500,
    "accept_content": ["json"],
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "worker_soft_shutdown_timeout": 20,
}
OPTIONS = {"visibility_timeout": 300, "unacked_restore_interval": 5, "unacked_restore_throttle": 1}
SECONDS = {"socket_timeout": 5, "socket_connect_timeout": 2, "health_check_interval": 10}


def found(environment: Environment, first: str = "", then: str = "") -> dict[str, Any]:
    """What a process of its own says, after it has imported what `first` names."""
    said = manage("shell", "--no-imports", "-c", SHOW.format(first=first, then=then), env=environment)
    assert said.returncode == 0, said.stderr
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def test_no_statement_of_a_page_takes_minutes_and_none_of_a_worker_outlasts_its_wait(
    process_environment: Environment,
) -> None:
    environment = {**process_environment, "GENERATION_LEASE_SECONDS": "30"}
    assert found(environment)["statement"] == ["0", "5s"], "a command takes as long as it takes"
    assert found(environment, "import persona_site.wsgi")["statement"] == ["2min", "5s"]
    assert found(environment, "import persona_site.celery")["statement"] == ["10s", "5s"]


def test_celery_is_set_up_as_it_was_measured(process_environment: Environment) -> None:
    times = {"GENERATION_DRAIN_SECONDS": "100", "GENERATION_CALL_SECONDS": "20"}
    names = [*PROMISED, "task_time_limit", "broker_transport_options", "task_publish_retry_policy"]
    conf = found(process_environment | times, then=CONF.replace("NAMES", repr(names)))
    assert {name: conf[name] for name in PROMISED} == PROMISED
    options = conf["broker_transport_options"]
    assert {name: options[name] for name in OPTIONS} == OPTIONS
    assert options["socket_keepalive"] is True
    assert all(0 < options[name] <= most for name, most in SECONDS.items()), "deaf no longer than measured"
    assert conf["task_publish_retry_policy"]["max_retries"] == 1
    # A task is not one call, as in the design, but a drain: it ends by itself, with its last call, before.
    assert 100 + 2 * 20 + 15 <= conf["task_time_limit"] <= 100 + 5 * 20 + 15


def test_planning_a_run_takes_as_long_as_it_takes(db: None) -> None:
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    limits: list[str] = []

    def look(execute: Any, sql: str, *rest: Any) -> Any:
        if "INSERT INTO generation_items" in sql:
            limits.append(connection.connection.execute("SHOW statement_timeout").fetchone()[0])
        return execute(sql, *rest)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '2min'")
    with connection.execute_wrapper(look):
        start_run(selection=Selection(), backend="simple")
    assert limits == ["0"]
