"""Variables and versions at the same moment: what is tried before others have to wait, and who comes late."""

from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from personalization.models import ConfigEntry, PromptEntry, VariableEntry
from personalization.prompt_engine import PromptError
from personalization.services.prompt_versions import live_number, make_live, save_draft
from personalization.services.settings import ConfigRefused
from personalization.services.variables import delete_variable, save_variable, try_in_prompts
from personalization.shipped_config import PERSONALIZATION
from tests.admin_forms import send
from tests.builders import make_superuser
from tests.locks import impatient
from tests.personalization.test_variables import CLUSTER, SHIPPED, confirmed, page, tone, used_in
from tests.threads import at_once, until_it_waits_for_me


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser("me"))
    return client


def steps(captured: CaptureQueriesContext) -> list[str]:
    """In which order a sample is tried, a transaction begins, and the lock is taken that holds up others."""
    marks = {
        'pg_column_size("lessons"': "sample",
        "SAVEPOINT": "begin",
        "hashtextextended('app_config'": "lock",
    }
    return [name for query in captured for mark, name in marks.items() if mark in query["sql"]]


def test_a_value_is_tried_once_and_before_anybody_has_to_wait(admin: Client) -> None:
    tone()
    used_in(PERSONALIZATION, "{{ var.tone }}")
    url = page("variable", "change", "var_tone")
    asked = send(admin, url, typed="plain")
    with CaptureQueriesContext(connection) as captured:
        assert confirmed(admin, url, asked).status_code == 302
    assert [*dict.fromkeys(steps(captured))] == ["sample", "begin", "lock"]
    assert steps(captured).count("sample") == 1


@pytest.mark.django_db
def test_a_version_is_tried_once_and_before_anybody_has_to_wait() -> None:
    tone()
    version, _ = save_draft(key=PERSONALIZATION, content=SHIPPED + "{{ var.tone }}")
    with CaptureQueriesContext(connection) as captured:
        make_live(version=version, seen=1)
    assert [*dict.fromkeys(steps(captured))] == ["sample", "begin", "lock"]
    assert steps(captured).count("sample") == 1


@pytest.mark.django_db
def test_a_value_is_tried_again_where_a_version_went_live_since() -> None:
    entry = tone("")
    value = {"content": "warm"}
    tried = try_in_prompts("tone", value)
    assert not tried.problem
    used_in(CLUSTER, "{% for a, b in var.tone %}{% endfor %}")
    with pytest.raises(ConfigRefused, match="prompt_cluster_visual_basic could not be used"):
        save_variable(entry=entry, tried=tried, value=value)
    assert ConfigEntry.objects.get(pk="var_tone").value == {"content": ""}


@pytest.mark.django_db
def test_variables_are_known_where_a_writers_prompt_is_the_shipped_one() -> None:
    tone()
    PromptEntry.objects.filter(pk=PERSONALIZATION).delete()
    draft, _ = save_draft(key=CLUSTER, content="{{ var.tone }}")
    assert draft.number


# --- deleting, while a version that uses it goes live ---


def test_of_going_live_and_deleting_what_it_uses_one_is_refused(transactional_db: None) -> None:
    entry = tone()
    draft, _ = save_draft(key=CLUSTER, content="{{ var.tone }}")

    def refused(work: Any) -> str:
        try:
            work()
        except (ConfigRefused, PromptError) as error:
            return str(error)
        return ""

    said = at_once(
        lambda: refused(lambda: make_live(version=draft, seen=1)),
        lambda: refused(lambda: delete_variable(entry=entry)),
    )
    [message] = filter(None, said)
    is_live = live_number(CLUSTER) == draft.number
    assert is_live is VariableEntry.objects.filter(pk="var_tone").exists()
    assert ("It stands in: " if is_live else "There is no “var.tone”") in message


def test_nobody_deletes_while_a_version_goes_live(transactional_db: None) -> None:
    """The lock itself: what comes second waits, and does not look at what was true before."""
    entry = tone()

    def delete() -> str:
        with impatient():
            try:
                delete_variable(entry=entry)
            except Exception as error:
                return type(error.__cause__).__name__
            return "deleted"

    with transaction.atomic():
        make_live(version=save_draft(key=CLUSTER, content="{{ var.tone }}")[0], seen=1)
        assert at_once(delete) == ["LockNotAvailable"]


def test_who_deletes_what_is_used_by_now_may_not(admin: Client) -> None:
    tone()
    version, _ = save_draft(key=CLUSTER, content="{{ var.tone }}")
    url = page("variable", "delete", "var_tone")
    assert admin.get(url).status_code == 200
    make_live(version=version, seen=1)
    assert admin.post(url, {"post": "yes"}).status_code == 403
    assert VariableEntry.objects.filter(pk="var_tone").exists()


def test_who_deletes_too_late_is_told(client: Client, transactional_db: None) -> None:
    """They were allowed to when they pressed the button, and wait for the version that goes live."""
    client.force_login(make_superuser("me"))
    tone()
    version, _ = save_draft(key=CLUSTER, content="{{ var.tone }}")
    answers: list[Any] = []

    def delete() -> None:
        answers.append(client.post(page("variable", "delete", "var_tone"), {"post": "yes"}, follow=True))
        connection.close()

    deleting = Thread(target=delete)
    with transaction.atomic():
        make_live(version=version, seen=1)
        deleting.start()
        until_it_waits_for_me(deleting)
    deleting.join()
    [answer] = answers
    assert answer.redirect_chain == [(page("variable", "change", "var_tone"), 302)]
    assert "It stands in: prompt_cluster_visual_basic. Take it out there first." in answer.content.decode()
    assert VariableEntry.objects.filter(pk="var_tone").exists()
