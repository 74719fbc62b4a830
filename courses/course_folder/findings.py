from dataclasses import dataclass

from courses.errors import Problem
from courses.formats.losses import Comparison

LOST = "would be lost by the import, which must not happen: please report it with the file"
DOUBLED = "would stand there more than once, which must not happen: please report it with the file"


@dataclass(slots=True)
class Converted:
    """Descriptions and personal texts that were brought into canonical keys: their texts before and after."""

    documents: int = 0
    strings_in: int = 0
    strings_out: int = 0

    def add(self, other: "Converted") -> None:
        self.documents += other.documents
        self.strings_in += other.strings_in
        self.strings_out += other.strings_out


class Findings:
    """What is wrong with a store, in the order of reading: problems refuse the import, warnings do not.

    `converted` counts what was read; findings of several processes are put together with `include`.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.converted = Converted()

    def problem(self, file: str, message: str, place: str = "") -> None:
        self.problems.append(Problem(file, place, message))

    def warn(self, file: str, message: str, place: str = "") -> None:
        self.warnings.append(Problem(file, place, message))

    def count(self, comparison: Comparison, file: str, place: str = "") -> None:
        """One converted document; a text that it has lost or doubled is a problem, named by its place."""
        self.converted.documents += 1
        self.converted.strings_in += comparison.strings
        self.converted.strings_out += comparison.strings_out
        for pointer in comparison.lost:
            self.problem(file, LOST, place + pointer)
        for pointer in comparison.doubled:
            self.problem(file, DOUBLED, place + pointer)

    def include(self, other: "Findings") -> None:
        self.problems += other.problems
        self.warnings += other.warnings
        self.converted.add(other.converted)

    def move_to(self, other: "Findings") -> None:
        """Leaves nothing here; what was found goes to the others, after what these have."""
        if other is not self:
            other.include(self)
            self.problems, self.warnings, self.converted = [], [], Converted()
