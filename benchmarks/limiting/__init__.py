"""What `python -m benchmarks.limits` measures, row by row."""
