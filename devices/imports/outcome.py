"""What a file would change, or changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from devices.imports.rows import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_LISTED: Final = 500
"""Problems kept in full; beyond, they are counted."""


@dataclass(slots=True)
class Outcome:
    """Rows by what becomes of them; nothing is imported while a row has a problem.

    `changed` rows contradict what is stored: they are refused unless declared as a correction, with a reason.
    """

    rows: int = 0
    new: int = 0
    same: int = 0
    changed: int = 0
    points: int = 0
    first: str = ""
    last: str = ""
    """First and last instant or day, ISO."""
    refusal: str = ""
    """Why the file as a whole cannot be read."""
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    conflicts: list[Problem] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every row can be taken, corrections apart."""
        return not self.refusal and not self.problem_count

    def add(self, problems: list[Problem]) -> None:
        """Count `problems` and keep the first ones."""
        self.problem_count += len(problems)
        self.problems += problems[: MOST_LISTED - len(self.problems)]

    def contradict(self, conflict: Problem) -> None:
        """Count a row that contradicts what is stored."""
        self.changed += 1
        if len(self.conflicts) < MOST_LISTED:
            self.conflicts.append(conflict)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads; problems as lists of line, column, sentence."""
        return asdict(self) | {
            "problems": [list(p) for p in self.problems],
            "conflicts": [list(p) for p in self.conflicts],
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Outcome:
        """Return the outcome `to_json` wrote."""
        lists = {name: [Problem(*one) for one in written[name]] for name in ("problems", "conflicts")}
        return cls(**{**written, **lists})
