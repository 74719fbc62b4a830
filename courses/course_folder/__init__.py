"""A course as a folder: what its files say, and what importing them would change. Nothing here writes."""
