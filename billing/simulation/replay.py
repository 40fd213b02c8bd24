"""Other terms on what was measured: what an agreement would have paid for the years it has reports of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.settlements.rules import propose
from contracts.agreements.terms.data import ZERO

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from billing.settlements.data import YearToDate
    from contracts.agreements.terms.data import Terms
    from contracts.prices.rules import Schedule


@dataclass(frozen=True, slots=True)
class Replayed:
    """A contract year under some terms: net savings and fee to date, euros excluding VAT."""

    number: int
    closed: bool
    net: Decimal
    fee: Decimal


def replay(
    terms: Terms, years: Sequence[YearToDate], schedules: Mapping[str, Schedule], today: dt.date
) -> list[Replayed]:
    """Return what `terms` would owe for each of `years`, as if they were in force from the first, nothing billed yet.

    The confidence stays that of the reports: it was chosen when they were made.
    """
    kept = replace(terms, confidence=years[0].terms.confidence)
    fresh = [replace(year, terms=kept, billed={}, settled=None) for year in years]
    proposal = propose(fresh, schedules, today)
    return [
        Replayed(year.number, before.closed, year.evaluation.net_euros, year.fee)
        for year, before in zip(proposal.years, years, strict=True)
    ]


def whole(replayed: Sequence[Replayed]) -> Decimal:
    """Return the fees of all years."""
    return sum((year.fee for year in replayed), ZERO)
