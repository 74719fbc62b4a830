"""A program that is started by fork is a process as one that is started by exec."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import Forked
from tests.processes import until

LOOK = """
import atexit, json, os, signal, sys
from pathlib import Path
atexit.register(print, "the end")
print(json.dumps({
    "environment": dict(os.environ), "folder": os.getcwd(), "files": sorted(os.listdir("/proc/self/fd")),
    "argv": sys.argv, "name": __name__, "path": sys.path[0], "pid": os.getpid(),
    "group": os.getpgid(0) == os.getpid(), "session": os.getsid(0) == os.getpid(),
    "signals": {one.name: str(signal.getsignal(one)) for one in signal.Signals},
    "ours": sorted({"courses", "personalization", "persona_site"} & sys.modules.keys()),
}))
print("to stderr", file=sys.stderr)
sys.exit(7)
"""
WAIT = "import time; print(1, flush=True); time.sleep(600)"


def program(folder: Path, code: str) -> Path:
    (folder / "program.py").write_text(code)
    return folder


def test_it_is_what_it_would_be_by_exec(tmp_path: Path) -> None:
    program(tmp_path, LOOK)
    env = {**os.environ, "WHO": "forked"}
    command = [sys.executable, "program.py", "a", "b"]
    run = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, start_new_session=True, check=False
    )
    by_exec, end = run.stdout.splitlines()
    with Forked("program.py", "a", "b", env=env, cwd=tmp_path, own_session=True) as process:
        out, err = process.communicate(30)
    by_fork, forked_end = out.splitlines()
    assert (process.returncode, err, forked_end) == (run.returncode, run.stderr, end)
    expected, found = json.loads(by_exec), json.loads(by_fork)
    assert found.pop("pid") == process.pid != expected.pop("pid")
    # Its own interpreter listens to Ctrl-C even where the tests run in the background.
    assert found["signals"].pop("SIGINT") == str(signal.default_int_handler)
    del expected["signals"]["SIGINT"]
    assert found == expected
    assert found["ours"] == []


def test_a_module_is_run_as_by_exec(tmp_path: Path) -> None:
    program(tmp_path, "import sys; print(__name__, sys.argv[0], sys.argv[1:])")
    with Forked("-m", "program", "a", env=dict(os.environ), cwd=tmp_path) as process:
        assert process.communicate(30) == (f"__main__ {tmp_path / 'program.py'} ['a']\n", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGKILL, -9, ""), (signal.SIGTERM, -15, ""), (signal.SIGINT, -2, "KeyboardInterrupt")],
)
def test_a_signal_ends_it_as_by_exec(tmp_path: Path, number: signal.Signals, code: int, said: str) -> None:
    program(tmp_path, WAIT)
    with (
        (tmp_path / "log").open("w+b") as log,
        Forked("program.py", env=dict(os.environ), cwd=tmp_path, log=log) as process,
    ):
        until((tmp_path / "log").read_text, "it runs")
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.001)
        process.send_signal(number)
        assert process.wait(30) == code
        assert said in (tmp_path / "log").read_text()


def test_what_comes_too_late_for_the_interpreter_is_refused() -> None:
    with pytest.raises(AssertionError, match="start it by exec"):
        Forked("manage.py", env={**os.environ, "PYTHONWARNINGS": "error"})
