"""Which version of an agreement is in force on a day: what was signed, changed by amendments from their day on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import Range

from contracts.agreements.terms.codec import from_json
from contracts.prices.rules import Price, overlaid
from foundation.time import bounds

if TYPE_CHECKING:
    from contracts.agreements.models import Agreement, Amendment, EnergyPrice
    from contracts.agreements.terms.data import Terms


def signed_amendments(agreement: Agreement) -> list[Amendment]:
    """Return the amendments that count, in order."""
    return [one for one in agreement.amendments if one.state == "signed"]


def terms_in_force(agreement: Agreement, day: dt.date) -> Terms:
    """Return the sharing terms of `day`: those of the last amendment with terms in force by then."""
    return from_json(version_of_terms(agreement, day)[1])


def version_of_terms(agreement: Agreement, day: dt.date) -> tuple[int, dict[str, Any]]:
    """Return the number of the amendment whose terms are in force on `day` (0: the agreement's own), and them."""
    number, terms = 0, agreement.terms
    for one in signed_amendments(agreement):
        if one.terms is not None and one.effective_on <= day:
            number, terms = one.number, one.terms
    return number, terms


def term_in_force(agreement: Agreement) -> Range[dt.date]:
    """Return the local days [start, end) of the agreement as it stands: amended, extended by suspensions, ended."""
    start, end = bounds(agreement.term)
    for one in signed_amendments(agreement):
        end = one.ends_on or end
    for suspension in agreement.suspensions:
        if suspension.extends_term:
            first, last = bounds(suspension.period)
            end += last - first
    if agreement.ended_on is not None:
        end = min(end, agreement.ended_on)
    return Range(start, max(end, start + dt.timedelta(days=1)))


def prices_in_force(agreement: Agreement) -> dict[str, list[Price]]:
    """Return the price schedule of each energy, amendments laid over what they change, day by day."""
    signed = {None, *(one.id for one in signed_amendments(agreement))}
    counted = [price for price in agreement.prices if price.amendment_id in signed]
    layers: dict[str, dict[int, list[Price]]] = {}
    for price in counted:
        number = price.amendment.number if price.amendment else 0
        layers.setdefault(price.energy, {}).setdefault(number, []).append(_price(price))
    return {energy: overlaid([of[number] for number in sorted(of)]) for energy, of in layers.items()}


def _price(row: EnergyPrice) -> Price:
    if row.period.lower is None:
        raise ValueError("a price has a first day")
    return Price(row.period.lower, row.period.upper, row.price)
