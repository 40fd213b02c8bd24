"""What the SPL's board is told of a year, as data: each shareholder's savings and money, the fleet, the capital."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from baseline.portfolio.gather import reports_of_year
from billing.receivables.standing import invoices_of, standings
from billing.reports.money import NOTHING, money_of
from contracts.agreements.models import Agreement
from contracts.parties.capital import capital_on
from contracts.parties.models import Company, Shareholder
from devices.alerts.kinds import RULES, Kind
from devices.alerts.models import Alert
from devices.inventory.models import Device, StockLot
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SCHEMA = "board/1"
IN_SERVICE = ("installed", "commissioned", "faulty")


def board_facts(session: Session, year: int, *, today: dt.date) -> dict[str, Any]:
    """Return the calendar `year` up to today. Raises Refusal for a year that has not begun."""
    first, until = dt.date(year, 1, 1), min(dt.date(year, 12, 31), today)
    if first > today:
        raise Refusal("L'année {year} n'a pas commencé.", year=year)
    company = session.get(Company, 1)
    capital = capital_on(session, until)
    owned = {owner.id: amount for owner, amount in capital.shares}
    shareholders = session.scalars(select(Shareholder).order_by(Shareholder.name)).all()
    return {
        "schema": SCHEMA,
        "synthetic": bool(company and company.synthetic),
        "company": company.name if company else "SPL",
        "contact": company.email if company else "",
        "year": year,
        "until": until.isoformat(),
        "capital": f"{capital.whole:f}",
        "owned": f"{capital.owned:f}",
        "remarks": capital.remarks,
        "shareholders": _shareholders(session, shareholders, owned, year, until),
        "fleet": _fleet(session),
        "drifts": _drifts(session, first),
        "sensors": _sensors(session),
    }


def _shareholders(
    session: Session, shareholders: Any, owned: dict[int, Decimal], year: int, until: dt.date
) -> list[dict[str, Any]]:
    reports = reports_of_year(session, year)
    holder_of: dict[int, int] = dict(session.execute(select(Agreement.id, Agreement.shareholder_id)).all())
    found = []
    for one in shareholders:
        mine = [report for report in reports if holder_of.get(report.plan.agreement_id or 0) == one.id]
        money = money_of(session, one.id, year, until)
        open_invoices = standings(session, invoices_of(session, one.id), until)
        remaining = sum((max(standing.remaining, NOTHING) for standing in open_invoices), NOTHING)
        late = sum((max(standing.remaining, NOTHING) for standing in open_invoices if standing.late.days), NOTHING)
        if not (mine or money.settlements or money.invoiced or money.received or remaining or one.id in owned):
            continue
        found.append(
            {
                "name": one.name,
                "capital": f"{owned.get(one.id, NOTHING):f}",
                "reports": len(mine),
                "avoided_kwh": f"{sum((r.avoided_energy_kwh for r in mine), Decimal('0.000')):f}",
                "half_width_kwh": "{:f}".format(
                    sum(((r.avoided_high_kwh - r.avoided_low_kwh) / 2 for r in mine), Decimal("0.000"))
                ),
                "avoided": f"{money.avoided:f}",
                "half_width": f"{money.half_width:f}",
                "fee": f"{money.fee:f}",
                "invoiced": f"{money.invoiced:f}",
                "received": f"{money.received:f}",
                "remaining": f"{remaining:f}",
                "late": f"{late:f}",
            }
        )
    return found


def _fleet(session: Session) -> dict[str, Any]:
    states: dict[str, int] = dict(session.execute(select(Device.state, func.count()).group_by(Device.state)).all())
    alerts: Counter[str] = Counter(
        dict(
            session.execute(
                select(Alert.kind, func.count()).where(Alert.state.not_in(("closed", "held"))).group_by(Alert.kind)
            ).all()
        )
    )
    silent = session.scalar(
        select(func.count(Alert.device_id.distinct())).where(
            Alert.kind == Kind.SILENCE.value, Alert.state.not_in(("closed", "held"))
        )
    )
    return {
        "states": {state: states[state] for state in sorted(states)},
        "in_service": sum(states.get(state, 0) for state in IN_SERVICE),
        "silent": silent or 0,
        "alerts": [{"word": RULES[Kind(kind)].word, "open": count} for kind, count in sorted(alerts.items())],
    }


def _drifts(session: Session, first: dt.date) -> list[dict[str, Any]]:
    """Return the buildings that left their plan since `first`, and whether they still do."""
    rows = session.scalars(
        select(Alert)
        .where(
            Alert.kind == Kind.OFF_PLAN.value,
            Alert.state != "held",
            Alert.began_at >= dt.datetime.combine(first, dt.time(), dt.UTC),
        )
        .order_by(Alert.began_at, Alert.id)
    )
    return [
        {"facts": dict(one.facts), "began_on": one.began_at.date().isoformat(), "open": one.state != "closed"}
        for one in rows
    ]


def _sensors(session: Session) -> dict[str, str]:
    """Return what the sensors in service cost net of grants, before tax."""
    cost = session.scalar(
        select(func.sum(StockLot.unit_cost - StockLot.unit_grant))
        .select_from(Device)
        .join(StockLot, StockLot.id == Device.lot_id)
        .where(Device.state.in_(IN_SERVICE))
    )
    unpriced = session.scalar(
        select(func.count()).select_from(Device).where(Device.state.in_(IN_SERVICE), Device.lot_id.is_(None))
    )
    return {"cost": f"{cost or NOTHING:f}", "unpriced": str(unpriced or 0)}
