"""SYNOP messages and Météo-France's hourly packets, temperatures in kelvins. Pure.

Old header: numer_sta;date;…;t;… with "mq" for missing. Since 2026: geo_id_wmo;…;validity_time;…;t;… in ISO 8601.
DPPaquetObs is written alike, its stations under their national number (geo_id_insee).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.weather.files.collect import Gathered
from baseline.weather.files.table import demand, header_of, iso_stamp, kelvin, no_date, number, rows, stamp
from baseline.weather.observed import HOURLY, Described, Observed

if TYPE_CHECKING:
    from baseline.weather.observed import Parsed

WMO_LENGTH = 5


def synop(text: str, only: str | None = None) -> Parsed:
    """Read SYNOP rows under either header; stations by their WMO number."""
    if "numer_sta" in header_of(text):
        return _read(text, "synop", "numer_sta", "date", only)
    return _read(text, "synop", "geo_id_wmo", "validity_time", only)


def packets(text: str, only: str | None = None) -> Parsed:
    """Read DPPaquetObs hourly rows."""
    return _read(text, "paquetobs", "geo_id_insee", "validity_time", only)


def _read(text: str, kind: str, station: str, time: str, only: str | None) -> Parsed:
    demand(header_of(text), station, time, "t")
    gathered = Gathered()
    for row in rows(text):
        written = row.cells[station].strip()
        code = written.zfill(WMO_LENGTH) if kind == "synop" else written.zfill(8)
        if only not in {None, code}:
            continue
        digits = time == "date"
        at = stamp(row.cells[time], row.line, {14: "%Y%m%d%H%M%S"}) if digits else iso_stamp(row.cells[time], row.line)
        if (at.minute, at.second, at.microsecond) != (0, 0, 0):
            raise no_date(row.cells[time], row.line)
        if not gathered.knows(code):
            place = [
                number(row.cells[column], row.line, column) if column in row.cells else None
                for column in ("lat", "lon")
            ]
            gathered.describe(Described(code, row.cells.get("name", "").strip(), *place))
        gathered.add(code, Observed(HOURLY, at, kelvin(row.cells["t"], row.line, "t")), row.line)
    return gathered.parsed(kind)
