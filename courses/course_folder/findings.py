from courses.errors import Problem


class Findings:
    """What is wrong with a store, in the order of reading: problems refuse the import, warnings do not."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def problem(self, file: str, message: str, place: str = "") -> None:
        self.problems.append(Problem(file, place, message))

    def warn(self, file: str, message: str, place: str = "") -> None:
        self.warnings.append(Problem(file, place, message))

    def include(self, other: "Findings") -> None:
        self.problems += other.problems
        self.warnings += other.warnings
