"""What benchmarks.import_lessons is made of."""
