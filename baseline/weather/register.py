"""Register stations and import their temperature files: all of a file or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import textwrap
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from baseline.weather.models import Station, Temperature, WeatherImport
from foundation.attachments.store import keep
from foundation.errors import Refusal
from foundation.time import time_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

# Outside, in the shade, on Earth's inhabited surface: anything else is a unit or a sensor that is wrong.
COLDEST, HOTTEST = Decimal(-60), Decimal(60)
CHUNK = 5000
LONGEST_NAME = 200
LONGEST_LIST = 300
"""Signs of a refusal that names a file's columns."""
# What two readers could take for two numbers is refused: exponents, other digits than 0 to 9, underscores.
_CELSIUS = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")


def register_station(
    session: Session,
    *,
    code: str,
    name: str,
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    synthetic: bool = False,
) -> Station:
    """Add a weather station under its national code."""
    if session.scalar(select(Station.id).where(Station.code == code)) is not None:
        raise Refusal(f"La station {code} est déjà enregistrée.", field="code")
    station = Station(code=code, name=name, latitude=latitude, longitude=longitude, synthetic=synthetic)
    session.add(station)
    session.flush()
    return station


def import_csv(
    session: Session,
    station: Station,
    content: bytes,
    *,
    name: str,
    time_column: str,
    temperature_column: str,
    timezone: str,
    imported_by: str,
    now: dt.datetime,
) -> WeatherImport:
    """Import hourly temperatures (°C) from a CSV stamped at the start of the hour in `timezone`.

    Empty cells are hours without a value. The same file again changes nothing.
    Refuses a name that cannot be shown and, naming the line, a file with a missing column, an unreadable stamp or
    a temperature that is not one; nothing of it is kept then.
    """
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise Refusal("Le nom du fichier est illisible ou trop long ; renommez-le, puis importez-le.", field="file")
    rows = list(read_temperatures(content, time_column, temperature_column, time_zone(timezone)))
    if not rows:
        raise Refusal(f"{name} ne contient aucune température ; vérifiez le fichier et ses colonnes.", field="file")
    store = keep(session, content, name=name, media_type="text/csv")
    before = session.scalar(_count(station)) or 0
    changed = sum(_upsert(session, station, rows[i : i + CHUNK]) for i in range(0, len(rows), CHUNK))
    new = (session.scalar(_count(station)) or 0) - before
    done = WeatherImport(
        station_id=station.id,
        attachment_id=store.id,
        imported_at=now,
        imported_by=imported_by,
        hours_new=new,
        hours_changed=changed - new,
    )
    session.add(done)
    session.flush()
    return done


def _count(station: Station) -> Select[int]:
    return select(func.count()).select_from(Temperature).where(Temperature.station_id == station.id)


def _upsert(session: Session, station: Station, rows: list[tuple[dt.datetime, Decimal]]) -> int:
    """Write rows; return how many were new or different."""
    statement = insert(Temperature).values(
        [{"station_id": station.id, "hour": hour, "celsius": celsius} for hour, celsius in rows]
    )
    statement = statement.on_conflict_do_update(
        index_elements=[Temperature.station_id, Temperature.hour],
        set_={"celsius": statement.excluded.celsius},
        where=Temperature.celsius.is_distinct_from(statement.excluded.celsius),
    )
    return len(session.execute(statement.returning(text("1"))).all())


def read_temperatures(
    content: bytes, time_column: str, temperature_column: str, zone: ZoneInfo
) -> Iterable[tuple[dt.datetime, Decimal]]:
    """Yield (hour in UTC, °C) of each row of a CSV with a value; the first column names line 1."""
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Refusal(
            f"Ligne {line} : le fichier n'est pas en UTF-8 ; enregistrez-le en CSV UTF-8.", field="file"
        ) from None
    header = decoded.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(decoded), delimiter=";" if header.count(";") > header.count(",") else ",")
    columns = _columns(reader)
    for column in (time_column, temperature_column):
        if column not in columns:
            found = textwrap.shorten(", ".join(columns), LONGEST_LIST, placeholder="…") or "aucune"
            raise Refusal(f"La colonne « {column} » manque ; le fichier contient : {found}.", field="file")
    seen: dict[dt.datetime, Decimal] = {}
    for row in _rows(reader):
        value = (row[temperature_column] or "").strip()
        if not value:
            continue
        hour = _hour(row[time_column] or "", zone, reader.line_num)
        celsius = _celsius(value, reader.line_num)
        if hour in seen and (again := second_passage(hour, zone)) is not None:
            hour = again
        if seen.setdefault(hour, celsius) != celsius:
            raise Refusal(
                f"Ligne {reader.line_num} : l'heure {row[time_column]} est donnée deux fois, avec deux valeurs."
            )
    yield from seen.items()


def _columns(reader: csv.DictReader[str]) -> list[str]:
    try:
        return list(reader.fieldnames or ())
    except csv.Error:
        raise _no_table(1) from None


def _rows(reader: csv.DictReader[str]) -> Iterator[dict[str, str | None]]:
    """Yield the rows; the csv module has its own limits (a field of 128 KiB, a lone carriage return)."""
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            raise _no_table(reader.line_num + 1) from None
        if row is None:
            return
        yield row


def _no_table(line: int) -> Refusal:
    return Refusal(
        f"Ligne {line} : ce n'est pas un tableau CSV lisible ; ouvrez le fichier dans un tableur et enregistrez-le en"
        " CSV UTF-8.",
        field="file",
    )


def second_passage(hour: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """Return the second passage of the local hour that `hour` is the first of, on the night clocks go back."""
    local = hour.astimezone(zone)
    again = local.replace(fold=1).astimezone(dt.UTC)
    return again if again != hour else None


def _hour(cell: str, zone: ZoneInfo, line: int) -> dt.datetime:
    try:
        written = dt.datetime.fromisoformat(cell.strip())
        # A time at either end of the calendar has no place in UTC.
        stamp = (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        sentence = f"Ligne {line} : « {cell} » n'est pas une date ; il faut par exemple 2026-01-31 14:00."
        raise Refusal(sentence, field="file") from None
    if (stamp.minute, stamp.second, stamp.microsecond) != (0, 0, 0):
        raise Refusal(
            f"Ligne {line} : {cell} n'est pas un début d'heure ; il faut une valeur par heure ronde.", field="file"
        )
    return stamp


def _celsius(cell: str, line: int) -> Decimal:
    if not _CELSIUS.fullmatch(cell):
        raise Refusal(
            f"Ligne {line} : « {cell[:40]} » n'est pas un nombre ; il faut un point décimal, par exemple 5.3.",
            field="file",
        )
    value = Decimal(cell)
    if not COLDEST <= value <= HOTTEST:
        raise Refusal(
            f"Ligne {line} : {cell} °C est impossible dehors ; le fichier est-il bien en degrés Celsius ?", field="file"
        )
    return value
