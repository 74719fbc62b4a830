"""python -m benchmarks.all: every benchmark, one after the other; exits 1 when one broke a promise."""

import subprocess
import sys
from pathlib import Path

NO_BENCHMARKS = {"__init__", "all", "scratch", "sql_time"}


def main() -> int:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NO_BENCHMARKS)
    # A process each: a benchmark has servers and data of its own. All of them: a broken one stops no other.
    codes = [_run(name) for name in names]
    return int(any(codes))


def _run(name: str) -> int:
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode  # noqa: S603


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
