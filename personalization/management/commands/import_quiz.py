"""manage.py import_quiz: learners' quiz results, from a CSV file."""

from personalization.management.result_import import ResultImportCommand
from personalization.services.results import import_quiz


class Command(ResultImportCommand):
    help = "Imports learners' quiz results (percent, one for each attempt) from a CSV file."
    examples = """\
examples:
  manage.py import_quiz results.csv --dry-run
  manage.py import_quiz results.csv
"""
    columns = "score                0 to 100, with at most two decimals"
    run = staticmethod(import_quiz)
