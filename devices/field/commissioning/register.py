"""Open a commissioning test, look at what arrived since, write down what it says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from devices.dialects.quantities import Quantity
from devices.field.commissioning.rules import Heard, examine, verdict
from devices.field.models import CommissioningTest
from devices.ingest.models import Reading, UnservedChannel, Vital
from devices.inventory.history import record
from devices.inventory.models import Installation
from devices.inventory.register import take_turns
from devices.points.models import SubscribedPower

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from devices.field.models import Submission
    from devices.inventory.models import Device

LOOKED_AT_FOR = dt.timedelta(days=30)
MOST_READINGS = 50
"""The first ones decide; a test that waits for its second reading never loads a year."""
BY = "essai de mise en service"


def open_test(
    session: Session,
    installation: Installation,
    submission: Submission,
    *,
    dial: Decimal | None,
    shows_dial: bool,
    at: dt.datetime,
) -> CommissioningTest:
    """Begin the test of a new installation: open until what its device sends decides."""
    test = CommissioningTest(
        installation=installation,
        submission_id=submission.id,
        dial_index=dial,
        shows_dial=shows_dial,
        began_at=at,
    )
    session.add(test)
    session.flush()
    return test


def open_tests(session: Session, *, now: dt.datetime) -> list[int]:
    """Return the tests something may still decide: those that wait, and those that failed, which may be put right.

    After `LOOKED_AT_FOR`, or once the device is taken off, nobody waits for them any more.
    """
    query = (
        select(CommissioningTest.id)
        .join(Installation, Installation.id == CommissioningTest.installation_id)
        .where(
            CommissioningTest.state.in_(["pending", "failed"]),
            CommissioningTest.began_at > now - LOOKED_AT_FOR,
            func.upper_inf(Installation.period),
        )
    )
    return list(session.scalars(query.order_by(CommissioningTest.id)))


def look_at(session: Session, test: CommissioningTest, *, now: dt.datetime) -> CommissioningTest:
    """Examine a test again; a device that passes is commissioned. Nothing is written where nothing changed."""
    session.refresh(test, with_for_update=True)
    checks = examine(heard_of(session, test, now=now))
    told = [check.to_json() for check in checks]
    if told == test.checks:
        return test
    test.checks, test.looked_at, test.state = told, now, verdict(checks)
    test.decided_at = None if test.state == "pending" else now
    if test.state in {"passed", "reserve"}:
        _commission(session, test.installation.device, test, now)
    session.flush()
    return test


def _commission(session: Session, device: Device, test: CommissioningTest, now: dt.datetime) -> None:
    take_turns(session, device)
    if device.state == "installed":
        device.state = "commissioned"
        record(session, device, before="installed", at=now, by=BY, point=test.installation.point)


def heard_of(session: Session, test: CommissioningTest, *, now: dt.datetime) -> Heard:
    """Return what arrived of the device of `test` since it was installed."""
    one = test.installation
    device, _point = one.device, one.point
    rows = session.execute(
        select(Reading.ts, Reading.value, Reading.received_at)
        .where(Reading.installation_id == one.id, Reading.ts >= test.began_at)
        .order_by(Reading.ts)
        .limit(MOST_READINGS)
    ).all()
    others = session.scalars(
        select(UnservedChannel.channel)
        .where(UnservedChannel.serial == device.serial, UnservedChannel.last_at >= test.began_at)
        .order_by(UnservedChannel.channel)
    ).all()
    vitals = {
        vital.quantity: vital.value
        for vital in session.scalars(
            select(Vital).where(Vital.device_id == device.id, Vital.at >= test.began_at).order_by(Vital.at)
        )
    }
    battery = vitals.get(Quantity.BATTERY)
    return Heard(
        began_at=test.began_at,
        now=now,
        every=device.expected_every,
        readings=[(row.ts, row.value, row.received_at) for row in rows],
        other_channels=others,
        spoke=bool(others or vitals),
        dial=test.dial_index,
        shows_dial=test.shows_dial,
        factor=one.factor,
        most_kw=_most_kw(session, one),
        margin=vitals.get(Quantity.RADIO_MARGIN),
        rssi=vitals.get(Quantity.RSSI),
        # A battery is told in percent or in volts; no battery of a sensor has 6 V.
        battery_percent=battery if battery is not None and battery > 6 else None,
    )


def _most_kw(session: Session, one: Installation) -> Decimal | None:
    """Return twice the power subscribed (what exceeds it is billed, not cut off), or what the model counts at most."""
    powers = session.scalars(select(SubscribedPower.power).where(SubscribedPower.point_id == one.point_id)).all()
    if powers:
        return max(powers) * 2
    return one.device.model.max_power_kw if one.device.model is not None else None
