"""What a settlement is computed from, and what it proposes: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from contracts.agreements.terms.data import ZERO

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from decimal import Decimal
    from fractions import Fraction

    from contracts.agreements.terms.data import Terms
    from contracts.agreements.terms.evaluation import Evaluation
    from contracts.agreements.terms.explanation import Step
    from contracts.agreements.terms.year import EnergyResult, ResultKey
    from contracts.prices.rules import Valuation


class LineKey(NamedTuple):
    """What a line is about: a contract year, a boundary, one of its energies."""

    year: int
    boundary_id: int
    energy: str


class Suspended(NamedTuple):
    """Days [start, end) on which a boundary neither saves nor owes, and why."""

    start: dt.date
    end: dt.date
    reason: str

    def has(self, day: dt.date) -> bool:
        """Say whether `day` is one of them."""
        return self.start <= day < self.end


@dataclass(frozen=True, slots=True)
class Measured:
    """One energy of one boundary, contract year to date, as its savings report froze it: kWh of 3 places by local day.

    Only days that count stand in `baseline_kwh` (adjusted) and `avoided_kwh` (signed), the same in both.
    """

    boundary_id: int
    boundary: str
    energy: str
    baseline_kwh: Mapping[dt.date, Decimal]
    avoided_kwh: Mapping[dt.date, Decimal]
    half_width_kwh: Decimal
    """Avoided energy of the period minus the low end of its interval."""
    confidence: Fraction
    days_expected: int
    """Days of the period to date, counted or not."""
    suspended: tuple[Suspended, ...] = ()
    """None of their days is among those that count."""

    def __post_init__(self) -> None:
        """Demand that both sides count the same days (truth 2)."""
        if self.baseline_kwh.keys() != self.avoided_kwh.keys():
            raise ValueError("a day counts on both sides or on neither")
        if any(one.has(day) for one in self.suspended for day in self.avoided_kwh):
            raise ValueError("a suspended day does not count")


@dataclass(frozen=True, slots=True)
class Settled:
    """How a closed year was settled, and how it stands since its last accepted settlement."""

    on: dt.date
    closing_fee: Decimal
    """Recognised when the year's balance was settled."""
    fee: Decimal
    """Recognised since, late data included."""
    carried: Decimal
    """Deficit it leaves to the next year."""


@dataclass(frozen=True, slots=True)
class YearToDate:
    """A contract year [start, end), measured over [start, to), with what was billed for it so far."""

    number: int
    start: dt.date
    end: dt.date
    to: dt.date
    terms: Terms
    measured: tuple[Measured, ...]
    billed: Mapping[ResultKey, Decimal]
    """Sum of the lines invoiced less those credited."""
    settled: Settled | None = None

    @property
    def closed(self) -> bool:
        """Return whether the whole year is measured."""
        return self.to == self.end


@dataclass(frozen=True, slots=True)
class Line:
    """What one boundary and energy owes for a year to date, what was billed of it, and the difference."""

    key: LineKey
    result: EnergyResult
    valuation: Valuation
    """Its avoided energy price by price."""
    share: Fraction
    """The share of the terms for this energy and year, before hurdles and caps."""
    owed: Decimal
    billed: Decimal
    settled_before: bool
    """Whether its year was settled before: late data moved it, or a dispute that held it is over."""
    amount: Decimal
    """What it asks for now, euros excluding VAT: owed less billed, negative where too much was billed, zero where
    the settlement asks for nothing."""


@dataclass(frozen=True, slots=True)
class RecognisedYear:
    """A contract year as this settlement sees it."""

    number: int
    evaluation: Evaluation
    fee: Decimal
    """Owed for the year to date: the evaluation's, as far as the limits of late data let it change a settled year."""
    carried: Decimal
    """Deficit left to the next year."""


class Outcome(StrEnum):
    """What becomes of a proposal."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    NOTHING = "nothing"
    """Owed and billed are equal."""
    WAITS = "waits"
    """More was billed than is owed to date, or than is undisputed: set against what comes."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed settlement; the amounts of `lines` sum to `total` exactly."""

    outcome: Outcome
    lines: tuple[Line, ...]
    """All lines of the last year, and those of earlier years that ask for something."""
    held: tuple[Line, ...]
    """Disputed: asked for again by the next settlement unless the dispute changed what is owed."""
    waiting: Decimal
    """Billed beyond what is owed to date, zero or positive, set against the next settlement."""
    years: tuple[RecognisedYear, ...]
    steps: tuple[Step, ...]
    """The whole explanation, from the results to the total."""

    @property
    def total(self) -> Decimal:
        """Return what is asked for, euros excluding VAT; negative for a credit note."""
        return sum((line.amount for line in self.lines), ZERO)
