"""`make setup` finds a Python and a uv on all kinds of machines. Programs are fakes that note their calls."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import ROOT

TOOLS = ("awk", "cat", "chmod", "cksum", "cp", "dirname", "env", "mkdir", "mv", "rm", "sh")
UV = """\
[ "$1" != --version ] || { echo "uv VERSION"; exit; }
settings="python=${UV_PYTHON:-}|downloads=${UV_PYTHON_DOWNLOADS:-}|certs=$UV_SYSTEM_CERTS|cache=${UV_CACHE_DIR:-}"
echo "uv $*|$settings" >>"$CALLS"
mkdir -p .venv/bin && echo '#!/bin/sh' >.venv/bin/python && chmod +x .venv/bin/python
"""
# `-c` asks for the version and is told the path; `-m pip install` brings uv, `-m venv` a Python with pip.
PYTHON = """\
case "$1 $2" in
    "-c "*) [ -z "OLD" ] && echo "$0" || exit 1 ;;
    "-m pip") [ -z "NO_PIP" ] || exit 1; [ "$3" = install ] || exit 0; echo "pip of $0" >>"$CALLS"
        while [ "$1" != --target ]; do shift; done; mkdir -p "$2/bin" && cp "$FAKE_UV" "$2/bin/uv" ;;
    "-m venv") [ -z "NO_VENV" ] || exit 1; mkdir -p "$3/bin" && cp "$FAKE_PYTHON" "$3/bin/python" ;;
esac
"""


class Machine:
    """A project in a folder with a space, and a PATH with nothing on it but the system's tools."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "a project"
        self.bin = folder / "bin"
        self.home = folder / "home"
        self.calls_file = folder / "calls"
        shutil.copytree(ROOT / "scripts", self.project / "scripts")
        for name in ("pyproject.toml", "uv.lock", ".python-version", ".env.example"):
            (self.project / name).write_text(f"{name}\n")
        self.home.mkdir()
        # Apart from the fakes: one written to a link here would overwrite the machine's own program.
        tools = folder / "tools"
        tools.mkdir()
        for tool in TOOLS:
            (tools / tool).symlink_to(shutil.which(tool) or tool)
        self.fake(folder / "spare" / "uv", UV.replace("VERSION", "0.13.9"))
        self.python(folder / "spare" / "python")
        self.environment = {
            "PATH": f"{self.bin}:{tools}",
            "HOME": str(self.home),
            "CALLS": str(self.calls_file),
            "FAKE_UV": str(folder / "spare" / "uv"),
            "FAKE_PYTHON": str(folder / "spare" / "python"),
        }

    def fake(self, path: Path, script: str) -> str:
        """The path, where the script then lies."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}")
        path.chmod(0o755)
        return str(path)

    def python(self, path: Path, *lacks: str) -> str:
        """A Python 3.12 or newer, unless it `lacks` that ("OLD"), or "NO_PIP", "NO_VENV"."""
        script = PYTHON
        for word in {"OLD", "NO_PIP", "NO_VENV"} - set(lacks):
            script = script.replace(word, "")
        return self.fake(path, script)

    def uv(self, version: str = "0.13.9 (Debian)") -> None:
        self.fake(self.bin / "uv", UV.replace("VERSION", version))

    def setup(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.project / "scripts" / "setup"],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_environment_is_made_from_the_lock_file(machine: Machine) -> None:
    machine.uv()
    python = machine.python(machine.bin / "python3.13")
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    assert machine.calls() == [f"uv sync --locked --quiet|python={python}|downloads=never|certs=1|cache="]


def test_the_second_time_does_nothing(machine: Machine) -> None:
    machine.uv()
    machine.python(machine.bin / "python3.13")
    machine.setup()
    again = machine.setup()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(machine.calls()) == 1


@pytest.mark.parametrize("change", ["lock", "moved", "python gone"])
def test_what_has_changed_is_made_anew(change: str, machine: Machine) -> None:
    machine.uv()
    machine.python(machine.bin / "python3.13")
    machine.setup()
    if change == "lock":
        (machine.project / "uv.lock").write_text("another")
    elif change == "moved":
        machine.project = machine.project.rename(machine.project.with_name("moved"))
    else:
        (machine.project / ".venv/bin/python").unlink()
    assert machine.setup().returncode == 0
    assert len(machine.calls()) == 2


def test_env_is_made_for_the_owner_only_and_never_overwritten(machine: Machine) -> None:
    machine.uv()
    machine.python(machine.bin / "python3")
    machine.setup()
    env = machine.project / ".env"
    assert env.read_text() == ".env.example\n"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    env.write_text("mine")
    machine.setup()
    assert env.read_text() == "mine"


def test_a_real_python_is_recognised(machine: Machine) -> None:
    machine.uv()
    machine.setup(PATH=f"{machine.environment['PATH']}:{Path(sys.executable).parent}")
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    used = machine.calls()[0].split("|")[1].removeprefix("python=")
    assert Path(used).resolve() == base


def test_an_old_default_and_a_broken_shim_are_passed_over_for_what_pyenv_has(machine: Machine) -> None:
    machine.uv()
    machine.python(machine.bin / "python3", "OLD")
    machine.fake(machine.bin / "python3.13", "echo 'pyenv: version 3.13 is not installed' >&2; exit 127")
    pyenv = machine.python(machine.home / ".pyenv/versions/3.12.1/bin/python3")
    machine.setup()
    assert f"|python={pyenv}|" in machine.calls()[0]


@pytest.mark.parametrize("how", ["PYENV_ROOT", "PATH"])
def test_pyenv_elsewhere(how: str, machine: Machine, tmp_path: Path) -> None:
    machine.uv()
    root = tmp_path / "its root"
    python = machine.python(root / "versions/3.13.0/bin/python3")
    machine.fake(root / "bin/pyenv", "exit 1")
    path = f"{machine.environment['PATH']}:{root}/bin"
    machine.setup(**({"PYENV_ROOT": str(root)} if how == "PYENV_ROOT" else {"PATH": path}))
    assert f"|python={python}|" in machine.calls()[0]


@pytest.mark.parametrize("version", [None, "0.10.9", "0.9.30"])
def test_it_makes_its_own_uv_where_there_is_none_or_an_old_one(version: str | None, machine: Machine) -> None:
    if version:
        machine.uv(version)
    python = machine.python(machine.bin / "python3.12")
    machine.setup()
    assert machine.calls()[0] == f"pip of {python}"
    assert [path.name for path in (machine.project / ".uv").iterdir()] == ["uv"]
    (machine.project / "uv.lock").write_text("another")
    machine.setup()
    assert [call.split()[0] for call in machine.calls()] == ["pip", "uv", "uv"]


@pytest.mark.parametrize("version", ["0.11.0", "0.20.1", "1.0.0"])
def test_a_uv_that_is_new_enough_is_used(version: str, machine: Machine) -> None:
    machine.uv(version)
    machine.python(machine.bin / "python3.12")
    machine.setup()
    assert [call.split()[0] for call in machine.calls()] == ["uv"]


def test_an_older_python_may_lend_its_pip(machine: Machine) -> None:
    machine.python(machine.bin / "python3.13", "NO_PIP", "NO_VENV")
    older = machine.python(machine.bin / "python3", "OLD")
    assert machine.setup().returncode == 0
    assert machine.calls()[0] == f"pip of {older}"


def test_without_pip_a_temporary_environment_has_one(machine: Machine) -> None:
    machine.python(machine.bin / "python3.13", "NO_PIP")
    assert machine.setup().returncode == 0
    assert machine.calls()[0].endswith("/venv/bin/python")
    assert [path.name for path in (machine.project / ".uv").iterdir()] == ["uv"]


def test_without_pip_and_venv_one_line_says_what_to_install(machine: Machine) -> None:
    python = machine.python(machine.bin / "python3.13", "NO_PIP", "NO_VENV")
    ended = machine.setup()
    assert ended.returncode == 1
    assert f"make setup: {python} has neither pip nor venv" in ended.stderr
    assert "apt-get install python3-venv" in ended.stderr
    assert not (machine.project / ".venv").exists()


def test_without_a_python_uv_may_bring_one(machine: Machine) -> None:
    machine.uv()
    assert machine.setup().returncode == 0
    assert "|python=|downloads=|" in machine.calls()[0]


def test_without_a_python_that_uv_can_bring(machine: Machine) -> None:
    machine.fake(machine.bin / "uv", '[ "$1" != --version ] || { echo uv 0.13.9; exit; }\nexit 2\n')
    ended = machine.setup()
    assert ended.returncode == 1
    assert "none from 3.12 on was found here" in ended.stderr
    assert machine.setup().returncode == 1


def test_a_home_that_cannot_be_written(machine: Machine) -> None:
    machine.uv()
    machine.python(machine.bin / "python3")
    machine.setup(HOME="/dev/null")
    assert machine.calls()[0].endswith("|cache=.uv/cache")


def test_every_command_is_in_the_help() -> None:
    text = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in text.splitlines()] == [
        *("help", "setup", "run", "test", "lint", "format", "cover", "bench", "clean")
    ]
    assert os.access(ROOT / ".ci/run", os.X_OK)
