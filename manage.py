#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError

from courses.history.reason import because
from persona_site.faults import explain_database_error, name_database_error


def main(arguments: list[str]) -> int:
    """Runs a command. An expected failure is one line on stderr and exit code 1; --traceback shows more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
    try:
        with because(command=arguments[1] if len(arguments) > 1 else "help"):
            execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        said = f"Wrong settings: {error}"
    except DatabaseError as error:
        explained = explain_database_error(error) or name_database_error(error)
        if explained is None or "--traceback" in arguments:
            raise
        said = explained
    except KeyboardInterrupt:
        said = "Stopped."
    else:
        return 0
    print(said, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
