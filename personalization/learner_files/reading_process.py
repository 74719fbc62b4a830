"""python -m personalization.learner_files.reading_process: reads personal texts for another process.

Started by reading_pool, never by hand: tasks come in on the standard input, batches go out on the standard
output, and the store is an open folder that was handed down. It has no database, and ends with its parent.
"""

import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from django.conf import settings

# The formats mark texts for translation, and ask the settings whether there is any; nothing else here needs
# them. Without the project's own, starting takes a third of the time and of the memory.
if not settings.configured:
    settings.configure(USE_I18N=False)

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder
from personalization.learner_files.batches import BatchReader


def main() -> None:
    """Serves until the parent closes its end."""
    tasks = Connection(sys.stdin.fileno(), writable=False)
    batches = Connection(sys.stdout.fileno(), readable=False)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        plans, descriptor, held = tasks.recv()
        reader = BatchReader(plans, Folder(descriptor, "", Findings()), held)
        while True:
            for batch in reader.read(tasks.recv()):
                batches.send(batch)


if __name__ == "__main__":
    main()
