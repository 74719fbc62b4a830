"""No process of a demo outlives it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from persona_site.demo.processes import Process, stop_all
from tests.forked import ROOT
from tests.processes import until

SLEEP = ["sleep", "600"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)",
]
# Its child ignores the end of its parent, as a program in the background does.
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)",
]
OWNER = """
import sys, time
from pathlib import Path
from persona_site.demo.processes import Process
Process("sleeper", sys.argv[2:], Path(sys.argv[1]), grace=0.1)
time.sleep(600)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "process.log"


def first_number(log: Path) -> int:
    """The first line that the process writes."""
    return int(until(lambda: log.read_text() if log.exists() else "", "a line in the log").split()[0])


def gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for counts as ended."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_process_ends_when_it_is_stopped(log: Path) -> None:
    process = Process("sleeper", SLEEP, log)
    assert process.exit_code is None
    process.stop()
    assert process.exit_code == 128 + signal.SIGTERM


def test_what_a_process_has_started_ends_with_it(log: Path) -> None:
    process = Process("parent", PARENT, log)
    child = first_number(log)
    process.stop()
    until(lambda: gone(child), "the end of the child")
    assert process.exit_code == 128 + signal.SIGTERM


def test_a_process_that_does_not_listen_is_killed_after_the_grace(log: Path) -> None:
    process = Process("stubborn", STUBBORN, log, grace=0.1)
    first_number(log)
    process.stop()
    assert process.exit_code == -signal.SIGKILL


def test_several_processes_share_one_grace(log: Path) -> None:
    processes = [Process("stubborn", STUBBORN, log.with_suffix(f".{n}"), grace=0.1) for n in range(2)]
    for process in processes:
        first_number(process.log)
    stop_all(processes)
    assert [process.exit_code for process in processes] == [-signal.SIGKILL] * 2


@pytest.mark.parametrize("command", [PARENT, STUBBORN])
def test_processes_end_when_their_owner_is_killed(command: list[str], log: Path) -> None:
    reporter = [*command[:2], f"import os; print(os.getpid(), flush=True)\n{command[2]}"]
    with subprocess.Popen([sys.executable, "-c", OWNER, log, *reporter], cwd=ROOT) as owner:
        pid = first_number(log)
        assert not gone(pid)
        owner.kill()
    until(lambda: gone(pid), "the end of the process")


def test_a_killed_tether_takes_its_process_along_when_it_is_stopped(log: Path) -> None:
    process = Process("parent", PARENT, log)
    child = first_number(log)
    os.kill(os.getpgid(child), signal.SIGKILL)
    until(lambda: process.exit_code is not None, "the end of the tether")
    process.stop()
    until(lambda: gone(child), "the end of the child")


def test_the_end_of_its_log_tells_why_it_ended(log: Path) -> None:
    process = Process("failing", ["sh", "-c", "seq 1 30; echo; echo 'no such option' >&2; exit 3"], log)
    code = until(lambda: process.exit_code, "the end")
    process.stop()
    assert code == 3
    assert process.last_lines(3) == ["29", "30", "no such option"]
