"""What reports hold until both parties decided on an event, in euros: shown on the settlement and on the invoice."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from billing.settlements import sentences as say
from billing.settlements.data import LineKey
from contracts.agreements.terms.data import ZERO
from contracts.agreements.terms.explanation import step
from contracts.prices.rules import mean_price
from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.settlements.gather import Gathered
    from contracts.agreements.terms.explanation import Step
    from contracts.prices.rules import Schedule


def waiting_events(gathered: Gathered, prices: Mapping[str, Schedule]) -> list[dict[str, Any]]:
    """Return what each report holds (truth 5): kWh, euros at the price of its adjusted baseline, the share of them.

    The share is before hurdles, deficits and caps: the most that can become of it.
    """
    years = {year.number: year for year in gathered.years}
    found = []
    for key, report in sorted(gathered.reports.items()):
        if not report.held_kwh:
            continue
        year = years[key.year]
        measured = next(one for one in year.measured if LineKey(year.number, one.boundary_id, one.energy) == key)
        held = Fraction(report.held_kwh) * mean_price(prices[key.energy], measured.baseline_kwh)
        found.append(
            {
                "key": list(key),
                "boundary": report.plan.boundary.name,
                "report": report.id,
                "held_kwh": str(report.held_kwh),
                "held_euros": str(euros(held)),
                "share_euros": str(euros(held * year.terms.share_of(key.energy, key.year))),
                "events": [event["id"] for event in report.events if event["state"] == "proposed"],
            }
        )
    return found


def step_of_waiting(held: Mapping[str, Any]) -> Step:
    """Return the sentence of one of `waiting_events`; it asks for nothing."""
    told = {name: held[name] for name in ("boundary", "held_kwh", "held_euros", "share_euros")}
    return step("held_event", ZERO, say.HELD_EVENT, year=held["key"][0], **told)
