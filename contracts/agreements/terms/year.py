"""What an evaluation starts from: a contract year's energy results to date, valued."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from contracts.agreements.terms.data import ZERO
from foundation.errors import Refusal

if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction


class ResultKey(NamedTuple):
    """Which boundary, and which of its energies."""

    boundary_id: int
    energy: str


@dataclass(frozen=True, slots=True)
class EnergyResult:
    """One energy of one boundary, contract year to date; avoided amounts are negative where more was used.

    Euros are excluding VAT and come from the dated price schedule, day by day; each is already to the cent,
    as the reader sees it. `half_width_*` is the avoided energy minus the low end of its interval.
    """

    boundary_id: int
    boundary: str
    energy: str
    adjusted_baseline_kwh: Decimal
    avoided_kwh: Decimal
    half_width_kwh: Decimal
    confidence: Fraction
    baseline_euros: Decimal
    avoided_euros: Decimal
    half_width_euros: Decimal
    days_without_result: int = 0
    """Days to date that earn nothing on either side: not measured, or suspended."""

    @property
    def key(self) -> ResultKey:
        """Return what this result is about."""
        return ResultKey(self.boundary_id, self.energy)


@dataclass(frozen=True, slots=True)
class ContractYear:
    """A contract year to date, or closed, with what earlier years leave to it."""

    number: int
    """1 for the first."""
    results: tuple[EnergyResult, ...]
    closed: bool
    """Whether the whole year is measured: the floor is owed and the savings count in full, not their lower bound."""
    carried: Decimal = ZERO
    """Deficit of earlier negative years still to be made up for, euros of savings, zero or negative."""
    fees_before: Decimal = ZERO
    """Fees of all earlier years."""

    def __post_init__(self) -> None:
        """Put the results in one order, so that theirs never matters; refuse one that counts twice."""
        in_order = tuple(sorted(self.results, key=lambda result: result.key))
        for earlier, later in pairwise(in_order):
            if earlier.key == later.key:
                raise Refusal(
                    "Le périmètre « {boundary} » compte deux fois dans l'année ; gardez un seul résultat.",
                    field="results",
                    boundary=later.boundary,
                )
        if self.carried > 0:
            raise ValueError("what is carried forward is a deficit")
        object.__setattr__(self, "results", in_order)
