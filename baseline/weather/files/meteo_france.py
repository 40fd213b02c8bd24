"""Météo-France: open-data files by hour and by day, and what its DPClim API answers. Pure.

https://meteo.data.gouv.fr (Licence Ouverte 2.0): semicolons, UTF-8, empty for missing, AAAAMMJJHH in UTC.
DPClim writes POSTE and DATE instead, decimal commas, and only the columns the station has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from baseline.weather.files.collect import Gathered
from baseline.weather.files.table import celsius, demand, header_of, number, quality, rows, stamp
from baseline.weather.observed import DAILY, HOURLY, Described, Observed
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from baseline.weather.files.table import Row
    from baseline.weather.observed import Parsed

HOUR: Final = {10: "%Y%m%d%H"}
DAY: Final = {8: "%Y%m%d"}
CODE_LENGTH: Final = 8


def hourly(text: str, only: str | None = None) -> Parsed:
    """Read `H_…csv`; with `only`, the lines of that station."""
    demand(header_of(text), "NUM_POSTE", "AAAAMMJJHH", "T")
    gathered = Gathered()
    for row in rows(text, only=_bare(only)):
        code = _code(row, "NUM_POSTE")
        if only in {None, code}:
            _describe(gathered, code, row)
            at = stamp(row.cells["AAAAMMJJHH"], row.line, HOUR)
            gathered.add(code, _value(row, HOURLY, at), row.line)
    return gathered.parsed("mf_hourly")


def daily(text: str, only: str | None = None) -> Parsed:
    """Read `Q_…_RR-T-Vent.csv`; with `only`, the lines of that station."""
    demand(header_of(text), "NUM_POSTE", "AAAAMMJJ", "TN", "TX")
    gathered = Gathered()
    for row in rows(text, only=_bare(only)):
        code = _code(row, "NUM_POSTE")
        if only in {None, code}:
            _describe(gathered, code, row)
            at = stamp(row.cells["AAAAMMJJ"], row.line, DAY)
            for parameter in DAILY:
                if parameter in row.cells:
                    gathered.add(code, _value(row, parameter, at), row.line)
    return gathered.parsed("mf_daily")


def dpclim(text: str, only: str | None = None) -> Parsed:
    """Read an answer of the DPClim API, hourly or daily as its dates have ten or eight digits."""
    header = header_of(text)
    demand(header, "POSTE", "DATE")
    if "T" not in header and not {"TN", "TX"} <= set(header):
        demand(header, "T")
    gathered = Gathered()
    for row in rows(text):
        code = _code(row, "POSTE")
        if only not in {None, code}:
            continue
        gathered.describe(Described(code))
        at = stamp(row.cells["DATE"], row.line, HOUR | DAY)
        # TN and TX of an hour are within that hour; those of a day are the climatological day's.
        for parameter in DAILY if len(row.cells["DATE"].strip()) == CODE_LENGTH else (HOURLY,):
            if parameter in row.cells:
                gathered.add(code, _value(row, parameter, at), row.line)
    return gathered.parsed("dpclim")


def _bare(code: str | None) -> str | None:
    """Return `code` as a spreadsheet may have left it: without its leading zero."""
    return None if code is None else code.lstrip("0")


def _code(row: Row, column: str) -> str:
    written = row.cells[column].strip()
    if not written.isascii() or not written.isdigit() or len(written) > CODE_LENGTH:
        raise Refusal(
            "Ligne {line} : « {cell} » n'est pas un numéro de poste de huit chiffres.",
            field="file",
            line=row.line,
            cell=written[:40],
        )
    return written.zfill(CODE_LENGTH)


def _describe(gathered: Gathered, code: str, row: Row) -> None:
    if gathered.knows(code):
        return
    place = [
        number(row.cells[column], row.line, column) if column in row.cells else None
        for column in ("LAT", "LON", "ALTI")
    ]
    gathered.describe(Described(code, row.cells.get("NOM_USUEL", "").strip(), *place))


def _value(row: Row, parameter: str, at: dt.datetime) -> Observed:
    coded = f"Q{parameter}"
    return Observed(
        parameter,
        at,
        celsius(row.cells[parameter], row.line, parameter),
        quality(row.cells[coded], row.line, coded) if coded in row.cells else None,
    )
