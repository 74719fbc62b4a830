"""python -m benchmarks.all: every benchmark, one after the other; exits 1 when one of them broke a promise."""

import subprocess
import sys
from pathlib import Path

NO_BENCHMARKS = {"__init__", "all", "scratch"}


def main() -> int:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NO_BENCHMARKS)
    # A process each: a benchmark has servers and data of its own.
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode for name in names
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
