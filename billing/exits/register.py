"""The last settlement of an agreement that ended, and the buy-out of its sensors by the table of its terms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from billing.settlements import sentences as say
from billing.settlements.data import Outcome
from billing.settlements.models import Settlement
from billing.settlements.register import add_proposed, propose
from billing.settlements.turns import take_turn
from contracts.agreements.terms.codec import to_json
from contracts.agreements.terms.explanation import step
from contracts.agreements.terms.findings import buy_out
from contracts.agreements.versions import term_in_force, terms_in_force
from contracts.agreements.years import whole_years, years_until
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.agreements.models import Agreement
    from foundation.actors import Actor

ONE_DAY = dt.timedelta(days=1)
NOTHING = Decimal("0.00")


def has_ended(agreement: Agreement, today: dt.date) -> bool:
    """Say whether nothing is shared any more: the agreement ended early, or its term is over."""
    return agreement.state != "draft" and bounds(term_in_force(agreement))[1] <= today


def exit_settlement(session: Session, agreement: Agreement, *, today: dt.date, by: Actor | None = None) -> Settlement:
    """Propose the settlement of the last days of an agreement that ended: its balance, and nothing afterwards."""
    _demand_end(agreement, today)
    start, end = bounds(term_in_force(agreement))
    years = years_until(start, end, end - ONE_DAY)
    settled = settled_until(session, agreement)
    if settled is not None and settled >= end:
        raise Refusal(N_("L'accord {number} est réglé jusqu'à sa fin."), number=agreement.number)
    return propose(session, agreement, start=max(years[-1].start, settled or start), end=end, today=today, by=by)


def settled_until(session: Session, agreement: Agreement) -> dt.date | None:
    """Return the end (exclusive) of the last period settled, or None before the first settlement."""
    last = session.scalars(
        select(Settlement.period)
        .where(Settlement.agreement_id == agreement.id, Settlement.state != "disputed", Settlement.kind == "savings")
        .order_by(Settlement.period.desc())
        .limit(1)
    ).one_or_none()
    return None if last is None else bounds(last)[1]


def buy_out_value(agreement: Agreement) -> Decimal:
    """Return what keeping the sensors costs by the terms in force on the last day; refuse where they do not say."""
    start, end = bounds(term_in_force(agreement))
    return buy_out(terms_in_force(agreement, end - ONE_DAY), whole_years(start, end))


def buy_out_of(session: Session, agreement: Agreement) -> Settlement | None:
    """Return the buy-out of the sensors of `agreement` that stands, if there is one."""
    return session.scalar(
        select(Settlement).where(
            Settlement.agreement_id == agreement.id, Settlement.kind == "buy_out", Settlement.state != "disputed"
        )
    )


def propose_buy_out(session: Session, agreement: Agreement, *, today: dt.date, by: Actor | None = None) -> Settlement:
    """Propose that the municipality keeps the sensors, at the value of the table; accepted, it is invoiced."""
    _demand_end(agreement, today)
    take_turn(session, agreement.id)
    if buy_out_of(session, agreement) is not None:
        raise Refusal(N_("Le rachat des capteurs de l'accord {number} est déjà proposé."), number=agreement.number)
    start, end = bounds(term_in_force(agreement))
    amount, terms = buy_out_value(agreement), terms_in_force(agreement, end - ONE_DAY)
    last = years_until(start, end, end - ONE_DAY)[-1]
    told = step("buy_out", amount, say.BUY_OUT, years=whole_years(start, end), amount_euros=amount)
    settlement = Settlement(
        agreement=agreement,
        shareholder_id=agreement.shareholder_id,
        contract_year=Range(last.start, last.end),
        contract_year_number=last.number,
        kind="buy_out",
        state="proposed",
        outcome=(Outcome.INVOICE if amount else Outcome.NOTHING).value,
        baseline_value=NOTHING,
        avoided_value=NOTHING,
        share_to_date=NOTHING,
        already_billed=NOTHING,
        amount=amount,
        waiting=NOTHING,
        evaluation={
            "terms": to_json(terms),
            "years": [],
            "held": [],
            "waiting_events": [],
            "steps": [{**told.to_json(), "sentence": told.sentence(FRENCH)}],
            "inputs": {
                "today": today.isoformat(),
                "years": [],
                "prices": {},
                "held": [],
                "buy_out": {"start": start.isoformat(), "end": end.isoformat(), "terms": to_json(terms)},
            },
        },
    )
    return add_proposed(session, settlement, Range(end - ONE_DAY, end), today, by)


def _demand_end(agreement: Agreement, today: dt.date) -> None:
    if not has_ended(agreement, today):
        raise Refusal(
            N_("L'accord {number} court encore : réglez sa dernière période quand il a pris fin."),
            number=agreement.number,
        )
