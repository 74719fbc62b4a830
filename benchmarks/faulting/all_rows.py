"""All rows, in the order of the table."""

from benchmarks.faulting import (
    broker_faults,
    database_faults,
    deploy_faults,
    endpoint_faults,
    mutant_faults,
    other_faults,
    worker_faults,
)
from benchmarks.faulting.rows import registered

MODULES = (
    worker_faults,
    deploy_faults,
    broker_faults,
    database_faults,
    endpoint_faults,
    other_faults,
    mutant_faults,
)
FAULTS = {row.name: row for module in MODULES for row in registered(module.__name__)}
