"""Reads for those who watch over the work: the same numbers on every machine, for they are the database's."""
