"""celery -A benchmarks.faulting.mutant_worker: a worker with the mistake that FAULT_MUTANT names."""

import os

from persona_site.celery import app  # sets Django up; must stay first

# isort: split
from benchmarks.faulting.mutants import MUTANTS

__all__ = ["app"]

next(mutant for mutant in MUTANTS if mutant.name == os.environ["FAULT_MUTANT"]).install()
