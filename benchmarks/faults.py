"""python -m benchmarks.faults: every fault that a run must survive, each with what it cost.

Real workers behind proxies, a real database and broker of its own, the fake model, a reader who asks for
every text all the time, and a checker on the end state, which reads every text by rules of its own. Where a
server vanishes or a worker is killed, work must be taken up again in time: the table has both figures.
Mutants with one mistake each show that the checker bites. Exits 1 when an invariant broke.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence

from django.conf import settings
from django.core.management import call_command
from rich.console import Console

from benchmarks import scratch  # sets Django up; must stay near the top
from benchmarks.faulting.all_rows import FAULTS
from benchmarks.faulting.house import House, Pace, Places, house
from benchmarks.faulting.play import Row, play
from benchmarks.faulting.report import print_rows
from benchmarks.faulting.soak import soak
from persona_site.embedded.postgres import Postgres
from persona_site.embedded.valkey import Valkey

SHORT = Pace()
# The settings' own figures, and a whole minute where something is away.
FULL = Pace(lease=30, sweep=5, call=30, retry=2, outage=60)
WIDTH = 150  # columns that the table needs, also in a file
PATIENCE = 20  # leases; a run that has not ended so long after its fault will not
EPILOG = """
examples:
  python -m benchmarks.faults                          all faults, then half a minute of random ones
  python -m benchmarks.faults --only kill-all show     these rows
  python -m benchmarks.faults --soak 600 --seed 21     ten minutes of random faults
  python -m benchmarks.faults --full                   leases and outages as in production: an hour

exit code: 0 everything holds, 1 an invariant broke, 130 stopped with Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    call_command("migrate", verbosity=0)
    settings.OPENAI_API_KEY = "test"  # or no run could be planned here
    valkey = Valkey(scratch.VAR)
    valkey.ensure()
    places = Places(Postgres(scratch.VAR), valkey, scratch.VAR)
    pace = FULL if options.full else SHORT
    console = Console()
    console.width = max(console.width, WIDTH)
    began = time.monotonic()
    with house(places, pace, seed=options.seed) as built:
        rows = [_played(console, built, name, options.seed) for name in options.only or FAULTS]
        if options.soak:
            rows.append(soak(built, seconds=options.soak, seed=options.seed))
    took = time.monotonic() - began
    what = f"seed {options.seed}, lease {pace.lease:g} s, what is away or fails is so for {pace.outage:g} s"
    print_rows(console, rows, f"Faults, {what}: {took:.0f} s in all")
    return 1 if any(row.broken for row in rows) else 0


def _played(console: Console, built: House, name: str, seed: int) -> Row:
    fault = FAULTS[name]
    random.seed(seed)
    with console.status(fault.what):
        row = play(built, fault, patience=PATIENCE * built.pace.lease)
    console.print(f"{name}: {'; '.join(row.broken) or 'holds'}", highlight=False)
    return row


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.faults",
        description=__doc__,
        epilog=EPILOG + "\nrows:\n" + "\n".join(f"  {row.name:34}{row.what}" for row in FAULTS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the endpoint and of the soak")
    parser.add_argument("--only", nargs="+", choices=FAULTS, metavar="NAME", help="these rows, and no soak")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="how long random faults rage (30)")
    parser.add_argument("--full", action="store_true", help="true leases, and a whole minute's outages")
    options = parser.parse_args(arguments)
    if options.soak is None:
        options.soak = 0 if options.only else 30
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
