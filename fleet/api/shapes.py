"""Each row as openapi.yaml describes it: exact decimals as text, instants in UTC, days as ISO 8601."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.dialects.postgresql import Range

    from baseline.reports.models import SavingsReport
    from billing.invoices.models import Invoice
    from billing.settlements.models import Settlement
    from contracts.sites.models import Building, Site
    from devices.alerts.models import Alert
    from devices.energy.models import DailyEnergy, HourlyEnergy
    from devices.inventory.models import Device
    from devices.points.models import MeteringPoint
    from foundation.jobs.models import Job

Shape = dict[str, Any]


def decimal(value: Decimal | None) -> str | None:
    """Return a number as it is kept, never with an exponent."""
    return None if value is None else format(value, "f")


def instant(value: dt.datetime | None) -> str | None:
    """Return an instant in UTC, ending in Z."""
    return None if value is None else value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def day(value: dt.date | None) -> str | None:
    """Return a local day."""
    return None if value is None else value.isoformat()


def _period(period: Range[dt.date]) -> Shape:
    return {"start": day(period.lower), "end": day(period.upper)}


def site(row: Site) -> Shape:
    """Return a site."""
    named = {name: getattr(row, name) for name in ("id", "name", "street", "postcode", "city", "timezone")}
    return named | {"latitude": decimal(row.latitude), "longitude": decimal(row.longitude)}


def building(row: Building) -> Shape:
    """Return a building."""
    named = {name: getattr(row, name) for name in ("id", "site_id", "name", "use")}
    return named | {"floor_area_m2": decimal(row.floor_area_m2)}


def point(row: MeteringPoint) -> Shape:
    """Return a metering point."""
    return {name: getattr(row, name) for name in ("id", "building_id", "name", "energy", "direction", "identifier")}


def device(row: Device) -> Shape:
    """Return a device."""
    return {
        "id": row.id,
        "serial": row.serial,
        "model": row.model.title if row.model is not None else None,
        "state": row.state,
        "expected_every_s": int(row.expected_every.total_seconds()),
    }


def report(row: SavingsReport) -> Shape:
    """Return a savings report."""
    energies = ("adjusted_baseline_kwh", "measured_kwh", "avoided_energy_kwh", "avoided_low_kwh", "avoided_high_kwh")
    named = {name: getattr(row, name) for name in ("id", "plan_id", "days_counted", "days_expected", "sha256")}
    return (
        named
        | _period(row.period)
        | {name: decimal(getattr(row, name)) for name in (*energies, "held_kwh")}
        | {"confidence_level": row.confidence_level, "made_at": instant(row.made_at)}
    )


def settlement(row: Settlement) -> Shape:
    """Return a settlement."""
    amounts = ("baseline_value", "avoided_value", "share_to_date", "already_billed", "amount")
    named = {name: getattr(row, name) for name in ("id", "agreement_id", "kind", "state", "outcome")}
    return (
        named
        | _period(row.period)
        | {name: decimal(getattr(row, name)) for name in amounts}
        | {"proposed_on": day(row.proposed_on), "accepted_on": day(row.accepted_on)}
    )


def invoice(row: Invoice) -> Shape:
    """Return an issued invoice or credit note."""
    named = {name: getattr(row, name) for name in ("id", "number", "type_code", "settlement_id", "state", "sha256")}
    return (
        named
        | {name: decimal(getattr(row, name)) for name in ("net", "vat", "gross")}
        | {
            "issue_date": day(row.issue_date),
            "due_date": day(row.due_date),
            "pdf": f"/api/v1/invoices/{row.id}/pdf" if row.pdf_id is not None else None,
        }
    )


def alert(row: Alert) -> Shape:
    """Return an alert."""
    named = ("id", "kind", "severity", "state", "device_id", "point_id", "site_id")
    instants = ("began_at", "opened_at", "closed_at", "acknowledged_at")
    return {name: getattr(row, name) for name in named} | {name: instant(getattr(row, name)) for name in instants}


def job(row: Job) -> Shape:
    """Return a job and each of its items."""
    items = [{"key": i.key, "state": i.state, "result": i.result, "error": i.error} for i in row.items]
    return {
        "id": row.id,
        "kind": row.kind,
        "title": row.title,
        "state": row.state,
        "created_at": instant(row.created_at),
        "finished_at": instant(row.finished_at),
        "items": items,
    }


def hour(row: HourlyEnergy) -> Shape:
    """Return one hour of clean energy."""
    return {
        "hour": instant(row.hour),
        "kwh": decimal(row.kwh),
        "reason": row.reason,
        "cause": row.cause,
        "revision": row.revision,
    }


def daily(row: DailyEnergy) -> Shape:
    """Return one local day of clean energy."""
    named = {name: getattr(row, name) for name in ("hours_measured", "hours_expected", "reason", "revision")}
    return named | {"day": day(row.day), "kwh": decimal(row.kwh)}
