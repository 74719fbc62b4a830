"""What the other make targets run: the checks, the browser for the tests, and the cleaning up."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.forked import ROOT

TOOLS = ("mktemp", "cat", "cmp", "cp", "date", "dirname", "env", "find", "id", "rm", "sh")


class Folder:
    """A copy of the scripts, with fakes for what they call."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a project"
        self.bin = folder / "bin"
        # Apart from the fakes: one written to a link here would overwrite the machine's own program.
        self.tools = folder / "tools"
        self.tools.mkdir()
        shutil.copytree(ROOT / "scripts", self.root / "scripts")
        for tool in TOOLS:
            (self.tools / tool).symlink_to(shutil.which(tool) or tool)

    def fake(self, path: str, script: str = "") -> None:
        """A program of the project (`.venv/bin/…`) or of the machine (a name) that notes its arguments."""
        place = self.root / path if "/" in path else self.bin / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f'#!/bin/sh\necho "{place.name} $*" >>"{self.root}/calls"\n{script}\n')
        place.chmod(0o755)

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [f"scripts/{name}", *arguments],
            cwd=self.root,
            env={"PATH": f"{self.bin}:{self.tools}"},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def checks(folder: Folder) -> Folder:
    for program in ("ruff", "mypy", "lint-imports", "python"):
        folder.fake(f".venv/bin/{program}")
    return folder


def test_every_check_runs_though_one_fails(checks: Folder) -> None:
    checks.fake(".venv/bin/mypy", "exit 1")
    ended = checks.run("check", "all")
    assert ended.returncode == 1
    results = [line.split()[:2] for line in ended.stdout.splitlines() if line]
    assert results == [
        ["style", "passed"],
        ["formatting", "passed"],
        ["types", "FAILED"],
        ["imports", "passed"],
        ["tests", "passed"],
    ]


def test_all_checks_pass(checks: Folder) -> None:
    assert checks.run("check", "all").returncode == 0
    assert "python -m pytest -n 3 --dist loadfile --no-loadscope-reorder" in checks.calls()
    assert checks.calls()[-1] == "python manage.py embedded stop"


def test_chosen_tests_run_alone(checks: Folder) -> None:
    checks.run("check", "tests", "-k", "a or b")
    assert checks.calls() == ["python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -k a or b"]


def test_lint_runs_no_tests(checks: Folder) -> None:
    assert checks.run("check", "lint").returncode == 0
    assert not [call for call in checks.calls() if "pytest" in call]


def test_a_browser_that_runs_is_enough(folder: Folder) -> None:
    folder.fake("chromium", "exit 1")
    folder.fake("google-chrome")
    assert folder.run("browser").returncode == 0


def test_a_browser_is_installed_where_that_is_allowed(folder: Folder) -> None:
    install = f"""while [ $# -gt 1 ]; do shift; done
[ "$1" != chromium ] || cp "{folder.bin}/found" "{folder.bin}/chromium" """
    folder.fake("found")
    folder.fake("apt-get", install)
    folder.fake("id", "echo 0")
    ended = folder.run("browser")
    assert ended.returncode == 0, ended.stderr
    assert [call.split()[-1] for call in folder.calls() if call.startswith("apt-get")] == [
        "update",
        "chromium",
    ]


def test_else_one_line_says_what_to_install(folder: Folder) -> None:
    folder.fake("id", "echo 1000")
    folder.fake("apt-get")
    folder.fake("sudo", "exit 1")
    ended = folder.run("browser")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "sudo apt-get install chromium" in ended.stderr


@pytest.fixture
def used(folder: Folder) -> Folder:
    """A project in which all commands have been used."""
    folder.fake(".venv/bin/python", 'echo "var=${PERSONA_VAR:-}" >>calls')
    for name in (".uv", "var/test", "courses/__pycache__", ".mypy_cache", "store"):
        (folder.root / name).mkdir(parents=True)
    for name in (".coverage.host", "store/course.json", ".env", ".env.example"):
        (folder.root / name).write_text("same")
    return folder


def test_clean_removes_what_was_made_and_nothing_else(used: Folder) -> None:
    ended = used.run("clean")
    assert ended.returncode == 0, ended.stderr
    left = {str(path.relative_to(used.root)) for path in used.root.rglob("*") if path.is_file()}
    scripts = {f"scripts/{path.name}" for path in (used.root / "scripts").iterdir() if path.is_file()}
    assert left == scripts | {"calls", "store/course.json", ".env.example"}
    assert not (used.root / "var").exists()


def test_clean_stops_the_servers_of_demo_and_tests(used: Folder) -> None:
    used.run("clean")
    assert [call for call in used.calls() if call.startswith("var=")] == ["var=", "var=var", "var=var/test"]
    assert used.calls().count("python manage.py embedded stop") == 3


def test_clean_keeps_settings_that_were_changed(used: Folder) -> None:
    (used.root / ".env").write_text("DEBUG=true\nOPENAI_API_KEY=mine")
    used.run("clean")
    assert (used.root / ".env").read_text().endswith("mine")


def test_clean_waits_for_no_running_demo(used: Folder) -> None:
    (used.root / "var/demo.lock").touch()
    used.fake(".venv/bin/python", "exit 1")
    ended = used.run("clean")
    assert ended.returncode == 1
    assert "the demo is running" in ended.stderr
    assert (used.root / "var").exists()


def test_a_fresh_clone_can_be_cleaned(folder: Folder) -> None:
    (folder.root / ".env.example").touch()
    assert folder.run("clean").returncode == 0
    assert (folder.root / ".env.example").exists()
