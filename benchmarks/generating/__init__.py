"""Parts of benchmarks.generation."""
