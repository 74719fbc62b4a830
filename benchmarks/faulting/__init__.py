"""The fault kit: a network that breaks on demand, workers to kill, a reader, a checker, and mutants."""
