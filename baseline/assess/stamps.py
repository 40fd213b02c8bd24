"""Time stamps of a file: local or with an offset, of hours or of days, brought to UTC once."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from baseline.assess.rows import refuse
from baseline.fitting.findings import Finding
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from baseline.assess.rows import Table

_FRENCH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")

_DATE_ONLY = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{1,2}/\d{1,2}/\d{4}")


@dataclass(frozen=True)
class Stamps:
    """When each row begins: either local days, or UTC hours."""

    days: Sequence[dt.date] | None
    hours: NDArray[np.datetime64] | None
    findings: tuple[Finding, ...] = ()

    @property
    def daily(self) -> bool:
        """Whether a row is a local day."""
        return self.days is not None

    def keys(self) -> list[int]:
        """Return one number per row: the ordinal of the day, or seconds of UTC."""
        if self.days is not None:
            return [day.toordinal() for day in self.days]
        return [] if self.hours is None else [int(second) for second in self.hours.astype(np.int64)]


def read_stamps(table: Table, column: str, zone: ZoneInfo) -> Stamps:
    """Read the stamps of `column`; those without an offset are local time of `zone`.

    Rows are days when every stamp is a date or a local midnight. Raises Refusal with the line of a stamp that is not
    one, that mixes with others of another kind, or that does not fall on the hour.
    """
    cells = table.column(column)
    times = [_time(table, i, column, cell) for i, cell in enumerate(cells)]
    aware = times[0].tzinfo is not None
    for i, time in enumerate(times):
        if (time.tzinfo is not None) != aware:
            raise refuse(table.lines[i], "un horodatage avec décalage et d'autres sans ; écrivez-les tous pareils.")
    if all(_DATE_ONLY.fullmatch(cell) for cell in cells):
        return Stamps([time.date() for time in times], None)
    local = [time.astimezone(zone) for time in times] if aware else times
    if len(times) > 1 and not any(time.hour or time.minute or time.second for time in local):
        return Stamps([time.date() for time in local], None)
    for i, time in enumerate(times):
        if time.minute or time.second or time.microsecond:
            raise refuse(
                table.lines[i],
                f"« {cells[i]} » ne tombe pas sur l'heure ; le fichier doit donner des heures entières ou des jours "
                "(regroupez les pas plus courts, horodatez le début de l'heure).",
            )
    if aware:
        utc = np.array([time.astimezone(dt.UTC).replace(tzinfo=None) for time in times], dtype="datetime64[s]")
        return _spaced(table, Stamps(None, utc))
    return _spaced(table, _from_local(table, times, zone))


def _time(table: Table, i: int, column: str, cell: str) -> dt.datetime:
    """Read one stamp: ISO 8601, or day/month/year as the French write it."""
    try:
        time = dt.datetime.fromisoformat(cell)
        if 1900 <= time.year <= 2200:
            return time
    except ValueError:
        parts = _FRENCH.fullmatch(cell)
        if parts:
            day, month, year, hour, minute, second = (int(part or 0) for part in parts.groups())
            try:
                return dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - local, its zone is applied later
            except ValueError:
                pass
    raise refuse(
        table.lines[i],
        f"« {cell[:40]} » n'est pas une date dans la colonne « {column} » ; écrivez AAAA-MM-JJ HH:MM (ou AAAA-MM-JJ).",
    ) from None


def _spaced(table: Table, stamps: Stamps) -> Stamps:
    """Refuse rows that are three hours apart, say: they are neither hours nor days."""
    keys = np.unique(np.array(stamps.keys(), dtype=np.int64))
    step = float(np.median(np.diff(keys))) if len(keys) > 1 else 3600.0
    if step != 3600.0:
        raise refuse(
            table.lines[1],
            f"les lignes se suivent à {step / 3600:g} heures ; le fichier doit donner des heures ou des jours.",
        )
    return stamps


def _from_local(table: Table, times: Sequence[dt.datetime], zone: ZoneInfo) -> Stamps:
    """Bring local times to UTC.

    The hour that comes twice in autumn is summer time first, winter time second, in the order of the file. An hour
    that spring skips shows a clock that is never changed: the whole file is then read in standard time.
    """
    offsets: dict[dt.date, dt.timedelta | None] = {}
    doubtful: list[int] = []
    shifts = np.zeros(len(times), dtype=np.int64)
    for i, time in enumerate(times):
        day = time.date()
        if day not in offsets:
            noon = dt.datetime.combine(day, dt.time())
            before, after = (zone.utcoffset(noon + dt.timedelta(days=ahead)) for ahead in (0, 1))
            offsets[day] = before if before == after else None
        offset = offsets[day]
        if offset is None:
            doubtful.append(i)
        else:
            shifts[i] = round(offset.total_seconds())
    seen: set[dt.datetime] = set()
    for i in doubtful:
        time = times[i]
        early, late = (_offset(zone, time.replace(fold=fold)) for fold in (0, 1))
        if early < late:
            return _standard_time(table, times, zone, i)
        shifts[i] = late if time in seen else early
        seen.add(time)
    return Stamps(None, _utc(times, shifts))


def _utc(times: Sequence[dt.datetime], seconds_ahead: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Return local times minus what their clock is ahead of UTC."""
    return np.asarray(np.array(times, dtype="datetime64[s]") - seconds_ahead.astype("timedelta64[s]"))


def _offset(zone: ZoneInfo, time: dt.datetime) -> int:
    offset = zone.utcoffset(time)
    return round(offset.total_seconds()) if offset else 0


def _standard_time(table: Table, times: Sequence[dt.datetime], zone: ZoneInfo, at: int) -> Stamps:
    """Read all stamps in the standard time of the zone, and say so."""
    winter = min(_offset(zone, times[at].replace(month=month, day=1)) for month in (1, 7))
    finding = Finding(
        "standard_time",
        N_(
            "Ligne %(line)s : l'heure %(time)s n'existe pas dans le fuseau %(zone)s (passage à l'heure d'été) ; "
            "l'horloge du fichier reste à l'heure d'hiver toute l'année et il a été lu ainsi."
        ),
        {"line": table.lines[at], "time": f"{times[at]:%Y-%m-%d %H:%M}", "zone": zone.key},
    )
    return Stamps(None, _utc(times, np.full(len(times), winter)), (finding,))
