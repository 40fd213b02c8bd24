"""Years of readings brought by file: copied, then inserted as what has not arrived yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import select, text

from devices.ingest.models import Reading
from devices.inventory.models import Device, Installation
from fleet.demonstration.hours import HOUR

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from fleet.demonstration.metering import Indexes, Meter

INSERT = text("""
    INSERT INTO devices.reading (installation_id, ts, value, received_at)
        SELECT :installation, ts, value, :now FROM brought ON CONFLICT DO NOTHING
""")
ARRIVED = text("""
    INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
        SELECT :installation, :now, min(ts), max(ts), count(*) FROM brought
""")


def make_room(session: Session, start: dt.datetime, end: dt.datetime) -> None:
    """Have the partitions of [start, end] made."""
    session.execute(text("SELECT devices.ensure_reading_partitions(:start, :end)"), {"start": start, "end": end})


def stamps(start: dt.datetime, hours: int) -> list[str]:
    """Return the instants of the N + 1 indexes of `hours` hours from `start`, as COPY reads them."""
    return [f"{start + n * HOUR:%Y-%m-%d %H:%M:%S}Z" for n in range(hours + 1)]


def without_readings(session: Session, meters: Iterable[Meter], start: dt.datetime) -> list[tuple[Meter, int]]:
    """Return the meters that have no reading at `start`, each with the id of its installation."""
    brought = select(Reading.ts).where(Reading.installation_id == Installation.id, Reading.ts == start).exists()
    found = session.execute(select(Device.serial, Installation.id).join(Installation).where(~brought)).all()
    installation_of = {row.serial: row.id for row in found}
    return [(meter, installation_of[meter.sensor]) for meter in meters if meter.sensor in installation_of]


def bring_readings(session: Session, installation: int, when: list[str], indexes: Indexes, now: dt.datetime) -> None:
    """Bring the `indexes` (Wh) of `installation` at the instants `when`, all or none; what is there already stays."""
    session.execute(text("CREATE TEMPORARY TABLE brought (ts timestamptz, value numeric) ON COMMIT DROP"))
    rows = "".join(f"{at}\t{wh // 1000}.{wh % 1000:03d}\n" for at, wh in zip(when, indexes.tolist(), strict=True))
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("readings are copied through psycopg")
    with driver.cursor() as cursor, cursor.copy("COPY brought FROM STDIN") as copy:
        copy.write(rows)
    session.execute(INSERT, {"installation": installation, "now": now})
    session.execute(ARRIVED, {"installation": installation, "now": now})
