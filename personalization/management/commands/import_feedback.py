"""manage.py import_feedback: what learners said of lessons, from a CSV file."""

from personalization.management.result_import import ResultImportCommand
from personalization.services.results import import_feedback


class Command(ResultImportCommand):
    help = "Imports learners' feedback on lessons (a rating and what was wrong) from a CSV file."
    examples = """\
examples:
  manage.py import_feedback feedback.csv --dry-run
  manage.py import_feedback feedback.csv
"""
    columns = """rating               1 to 5
  issue                too_technical, too_basic, or empty (the column may be missing)"""
    run = staticmethod(import_feedback)
