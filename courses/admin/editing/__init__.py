"""Editing section by section: fields, guidance, two editors on one record, the preview."""
