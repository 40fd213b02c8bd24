"""The series a point has from files: made when the first one arrives."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from devices.inventory.history import record
from devices.inventory.models import Device, Installation
from devices.series.models import ImportedSeries

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

RARELY: Final = dt.timedelta(days=366)
"""How often a file is expected: silence of a file is nobody's fault."""


def find_series(session: Session, point_id: int, *, counts: str, step: str) -> Installation | None:
    """Return the installation that stands for the files of a point, if a file has come before."""
    return session.scalar(
        select(Installation)
        .join(ImportedSeries)
        .where(Installation.point_id == point_id, ImportedSeries.counts == counts, ImportedSeries.step == step)
    )


def series_since(session: Session, point_id: int, *, counts: str, step: str, since: dt.datetime) -> Installation:
    """Return the series of a point, made or lengthened so that it begins at `since` at the latest.

    Its device carries a serial no topic can name: nothing reaches it but files.
    """
    found = find_series(session, point_id, counts=counts, step=step)
    if found is not None:
        if found.period.lower is not None and since < found.period.lower:
            found.period = Range(since, None)
        session.flush()
        return found
    serial = f"fichiers/{point_id}"
    device = session.scalar(select(Device).where(Device.serial == serial))
    if device is None:
        device = Device(serial=serial, state="installed", own_expected_every=RARELY)
        session.add(device)
        record(session, device, before=None, at=None, by="", why="Relevés importés de fichiers")
    # A quantity of its own: sensors may measure the same at the same time without being in its way.
    quantity = f"file_{counts}_{step}"
    installation = Installation(
        device=device, point_id=point_id, channel=quantity, quantity=quantity, period=Range(since, None)
    )
    session.add(installation)
    session.flush()
    session.add(ImportedSeries(installation_id=installation.id, step=step, counts=counts))
    session.flush()
    return installation
