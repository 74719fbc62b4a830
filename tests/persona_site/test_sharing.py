"""Processes of one web server count together; the next server begins anew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from persona_site.watch import sharing
from persona_site.watch.sharing import FOLDER, share_counters
from tests.forked import ROOT

COUNT = """
import sys
from pathlib import Path
from persona_site.watch import sharing
sharing._MEMORY = Path(sys.argv[1])
sharing.share_counters(Path(sys.argv[2]))
from persona_site.watch import requests
from prometheus_client import CollectorRegistry
requests._REQUESTS.labels("GET", "page/", 200).inc()
both = CollectorRegistry()
requests.register(both)
labels = {"method": "GET", "route": "page/", "code": "200"}
print(both.get_sample_value("persona_http_requests_total", labels))
"""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process that has not imported the client yet, and a place of its own for the counters."""
    monkeypatch.delitem(sys.modules, "prometheus_client", raising=False)
    monkeypatch.setenv(FOLDER, "")
    monkeypatch.delenv(FOLDER)
    monkeypatch.setattr(sharing, "_MEMORY", tmp_path)
    return tmp_path


def count(base: Path, var: Path) -> float:
    """One request in a new process, which then answers for all of its server."""
    command = [sys.executable, "-c", COUNT, str(base), str(var)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_each_process_answers_for_all(tmp_path: Path) -> None:
    one, another = tmp_path / "one", tmp_path / "another"
    assert [count(tmp_path, one), count(tmp_path, one)] == [1, 2]
    assert count(tmp_path, another) == 1


def test_the_folder_is_ours_alone(alone: Path) -> None:
    share_counters(alone)
    folder = Path(os.environ[FOLDER])
    assert folder.parent == alone
    assert folder.stat().st_mode & 0o077 == 0
    assert str(os.getppid()) in folder.name


def test_what_an_ended_server_left_is_removed(alone: Path) -> None:
    share_counters(alone)
    ours = Path(os.environ.pop(FOLDER))
    ended = ours.with_name(ours.name.replace(f"-{os.getppid()}-", "-4194999-"))
    other = alone / "persona-metrics-another-4194999-5"
    for folder in (ended, other):
        folder.mkdir()
        (folder / "counter_1.db").touch()
    share_counters(alone)
    assert set(alone.iterdir()) == {ours, other}


def test_a_place_in_another_users_hands_is_not_used(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share_counters(alone)
    ours = Path(os.environ.pop(FOLDER))
    ours.rmdir()
    ours.symlink_to(alone)
    share_counters(alone)
    assert FOLDER not in os.environ


def test_who_has_begun_to_count_goes_on_alone(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", sharing)
    share_counters(alone)
    assert FOLDER not in os.environ
    assert list(alone.iterdir()) == []
