"""The present of the fleet: what sensors missed since they last spoke, then what they read now.

Stamps are always true: a reading published at 14:07:31 is the index at 14:07:31, on the
line between the indexes of the two full hours around it. What is accelerated is how
often a sensor speaks (every minute instead of once an hour).
"""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from devices.dialects.spl import topic_of
from devices.ingest.models import Reading
from devices.ingest.publish import payload_of
from devices.inventory.models import Device, Installation
from fleet.demonstration.hours import HOUR
from fleet.demonstration.metering import Generated, generate
from fleet.demonstration.outdoors import bring_temperatures
from fleet.demonstration.timeline import ZONE
from fleet.demonstration.weather import STATIONS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from devices.ingest.publish import Publisher
    from fleet.demonstration.doors import Doors
    from fleet.demonstration.metering import Indexes, Meter
    from fleet.demonstration.story import Story

Read = tuple[dt.datetime, Decimal]
"""An instant (UTC) and the index in kWh."""

PER_MESSAGE = 100
BETWEEN_ROUNDS = 60.0
"""Seconds from one reading of a sensor to its next."""
PATIENCE = 120.0
"""Seconds the ingest process may take to store what was published."""


def last_stamps(session: Session) -> dict[str, dt.datetime]:
    """Return the instant of the last stored reading of each sensor that has any."""
    last = select(func.max(Reading.ts)).where(Reading.installation_id == Installation.id).scalar_subquery()
    rows = session.execute(select(Device.serial, last).join(Installation)).all()
    return {serial: stamp for serial, stamp in rows if stamp is not None}


def index_at(generated: Generated, indexes: Indexes, instant: dt.datetime) -> Decimal:
    """Return the index (kWh) at `instant`, on the line between the full hours around it."""
    hour, beyond = divmod(instant - generated.hours.start, HOUR)
    before, after = int(indexes[hour]), int(indexes[hour + 1])
    return kwh(before + int((after - before) * (beyond / HOUR)))


def kwh(watt_hours: int) -> Decimal:
    """Return an index in kWh with three decimals."""
    return Decimal(watt_hours).scaleb(-3)


def missed(generated: Generated, indexes: Indexes, last: dt.datetime, now: dt.datetime) -> list[Read]:
    """Return the readings of the full hours in (last, now]."""
    start = generated.hours.start
    first = (last - start) // HOUR + 1
    return [(start + n * HOUR, kwh(int(indexes[n]))) for n in range(first, (now - start) // HOUR + 1)]


class Present:
    """The fleet as it goes on: generated to the end of the day, and again at midnight."""

    def __init__(self, doors: Doors, story: Story, publisher: Publisher, clock: Callable[[], dt.datetime]) -> None:
        self._doors, self._story, self._publisher, self._clock = doors, story, publisher, clock
        self._generated: Generated | None = None
        self._weather_until: dt.datetime | None = None

    def _until(self, now: dt.datetime) -> Generated:
        """Return the fleet generated beyond `now`."""
        if self._generated is None or self._generated.hours.end <= now:
            tomorrow = now.astimezone(ZONE).date() + dt.timedelta(days=1)
            self._generated = generate(self._story.timeline, tomorrow, self._story.seed)
        return self._generated

    def catch_up(self, told: Callable[[], None]) -> dt.datetime:
        """Publish what was missed up to now, call `told` after each sensor, and return the instant reached."""
        now = self._clock()
        generated = self._until(now)
        self._bring_weather(now)
        with self._doors.operator() as session:
            last = last_stamps(session)
        for meter, indexes in generated.indexes.items():
            since = last.get(meter.sensor, generated.hours.start)
            self._publish(meter, missed(generated, indexes, since, now))
            told()
        return now

    def wait_until_stored(self, reached: dt.datetime) -> None:
        """Wait until every sensor has a stored reading of the full hour before `reached`."""
        full_hour = reached.replace(minute=0, second=0, microsecond=0)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self._doors.operator() as session:
                last = last_stamps(session)
            if len(last) == len(self._until(reached).indexes) and min(last.values()) >= full_hour:
                return
            time.sleep(0.5)
        raise Refusal("Les relevés publiés n'arrivent pas dans la base ; vérifiez que le processus ingest tourne.")

    def go_on(self, stopped: Callable[[float], bool]) -> None:
        """Publish a reading of every sensor once a minute until `stopped`, which waits the seconds it is given."""
        while not stopped(BETWEEN_ROUNDS):
            now = self._clock().replace(microsecond=0)
            self._bring_weather(now)
            generated = self._until(now)
            for meter, indexes in generated.indexes.items():
                self._publish(meter, [(now, index_at(generated, indexes, now))])

    def _publish(self, meter: Meter, readings: Sequence[Read]) -> None:
        for start in range(0, len(readings), PER_MESSAGE):
            payload = payload_of("index", readings[start : start + PER_MESSAGE])
            self._publisher.publish(topic_of(meter.sensor), payload)

    def _bring_weather(self, now: dt.datetime) -> None:
        """Import the full hours of weather that have passed."""
        full_hour = now.replace(minute=0, second=0, microsecond=0)
        if self._weather_until == full_hour:
            return
        self._weather_until = full_hour
        start = self._until(now).hours.start
        for station in STATIONS:
            with self._doors.operator() as session:
                bring_temperatures(session, station, start, full_hour, seed=self._story.seed, now=now)
