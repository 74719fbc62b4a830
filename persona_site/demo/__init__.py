"""`make run`: everything a visitor needs, started together and stopped together."""
