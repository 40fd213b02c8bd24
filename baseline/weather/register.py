"""Register stations and import their temperature files: all of a file or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import textwrap
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from baseline.weather.files.recognise import AUTO, KINDS, parse
from baseline.weather.models import Station, WeatherImport
from baseline.weather.observe import complete, observe
from baseline.weather.observed import HOURLY, Observed
from contracts.sites.register import check_place
from foundation.attachments.store import keep
from foundation.errors import Refusal
from foundation.time import time_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from baseline.weather.observed import Parsed

# Outside, in the shade, on Earth's inhabited surface: anything else is a unit or a sensor that is wrong.
COLDEST, HOTTEST = Decimal(-60), Decimal(60)
LONGEST_NAME = 200
LONGEST_LIST = 300
"""Signs of a refusal that names a file's columns."""
# What two readers could take for two numbers is refused: exponents, other digits than 0 to 9, underscores.
_NATIONAL_CODE = re.compile(r"[0-9]{8}")
_CELSIUS = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")


def register_station(
    session: Session,
    *,
    code: str,
    name: str,
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    altitude_m: Decimal | None = None,
    source: str = "other",
    wmo_code: str | None = None,
    synthetic: bool = False,
) -> Station:
    """Add a weather station under its national code; `wmo_code` is its number in SYNOP messages."""
    if session.scalar(select(Station.id).where(Station.code == code)) is not None:
        raise Refusal("La station {code} est déjà enregistrée.", field="code", code=code)
    if wmo_code and session.scalar(select(Station.id).where(Station.wmo_code == wmo_code)) is not None:
        raise Refusal(
            "Une autre station a déjà le numéro {code} dans les messages SYNOP.", field="wmo_code", code=wmo_code
        )
    check_place(latitude, longitude)
    station = Station(
        code=code,
        name=name,
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude_m,
        source=source,
        wmo_code=wmo_code or None,
        synthetic=synthetic,
    )
    session.add(station)
    session.flush()
    return station


def fetch(session: Session, station: Station, *, service: str | None, since: dt.date | None) -> Station:
    """Have `service` asked each night for the days from `since` on that miss at `station`; None: no more."""
    if service is not None:
        if since is None:
            raise Refusal("Dites à partir de quel jour demander les températures.", field="fetched_since")
        if (service == "open_meteo") != (station.source == "open_meteo"):
            raise Refusal(
                "Open-Meteo ne donne que des stations d'Open-Meteo, et Météo-France que les siennes.",
                field="fetched_by",
            )
        if service == "open_meteo" and None in {station.latitude, station.longitude}:
            raise Refusal(
                "Open-Meteo se demande par des coordonnées ; écrivez celles de la station.", field="fetched_by"
            )
        if service != "open_meteo" and not _NATIONAL_CODE.fullmatch(station.code):
            raise Refusal(
                "Météo-France connaît ses stations par un numéro de huit chiffres ; celle-ci n'en a pas.",
                field="fetched_by",
            )
    station.fetched_by, station.fetched_since = service, since if service else None
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
    _check_name(name)
    rows = list(read_temperatures(content, time_column, temperature_column, time_zone(timezone)))
    if not rows:
        raise Refusal(
            "{name} ne contient aucune température ; vérifiez le fichier et ses colonnes.", field="file", name=name
        )
    values = [Observed(HOURLY, hour, celsius) for hour, celsius in rows]
    arrived = Arrived(name, content, "text/csv", imported_by, now)
    return _take_in(session, station, values, kind="csv", source="csv", arrived=arrived)


def import_file(
    session: Session,
    station: Station,
    content: bytes,
    *,
    name: str,
    kind: str = AUTO,
    imported_by: str,
    now: dt.datetime,
) -> WeatherImport:
    """Import what a service's file (`files.recognise.KINDS`) says of `station`, all of it or nothing.

    Rows of other stations are left. Refuses a file that does not speak of the station, naming those it speaks of.
    """
    _check_name(name)
    parsed = parse(content, kind)
    series = next((parsed.series[code] for code in _names(station, parsed) if code in parsed.series), None)
    if series is None:
        raise Refusal(
            "Ce fichier ne parle pas de la station {code} ; il parle de : {found}.",
            field="file",
            code=station.code,
            found=textwrap.shorten(", ".join(parsed.series), LONGEST_LIST, placeholder="…") or "-",
        )
    if not any(value.celsius is not None for value in series.values):
        raise Refusal(
            "{name} ne contient aucune température de la station {code}.", field="file", name=name, code=station.code
        )
    complete(station, series.station)
    media_type = "application/json" if parsed.kind == "open_meteo" else "text/csv"
    arrived = Arrived(name, content, media_type, imported_by, now)
    return _take_in(
        session, station, series.values, kind=parsed.kind, source=KINDS[parsed.kind].source, arrived=arrived
    )


def station_of(session: Session, code: str) -> Station:
    """Return the station registered under `code`."""
    station = session.scalar(select(Station).where(Station.code == code))
    if station is None:
        raise Refusal("La station {code} n'est pas enregistrée ; enregistrez-la d'abord (page Météo).", code=code)
    return station


def stations_in(session: Session, content: bytes, kind: str = AUTO) -> list[Station]:
    """Return the registered stations a file speaks of by their number."""
    codes = set(parse(content, kind).series) - {""}
    return list(
        session.scalars(
            select(Station).where(Station.code.in_(codes) | Station.wmo_code.in_(codes)).order_by(Station.code)
        )
    )


def _names(station: Station, parsed: Parsed) -> list[str]:
    """Return under which names `parsed` may speak of `station`; none at all where the file is of one place only."""
    if parsed.kind == "open_meteo":
        return [""]
    return [code for code in (station.code, station.wmo_code) if code]


class Arrived(NamedTuple):
    """A file as it came."""

    name: str
    content: bytes
    media_type: str
    by: str
    now: dt.datetime


def _take_in(
    session: Session, station: Station, values: Sequence[Observed], *, kind: str, source: str, arrived: Arrived
) -> WeatherImport:
    """Keep the original, what came of it, and its values."""
    store = keep(session, arrived.content, name=arrived.name, media_type=arrived.media_type)
    written = observe(session, station, values, source=source, now=arrived.now, attachment_id=store.id)
    done = WeatherImport(
        station_id=station.id,
        attachment_id=store.id,
        imported_at=arrived.now,
        imported_by=arrived.by,
        kind=kind,
        **written._asdict(),
    )
    session.add(done)
    session.flush()
    return done


def _check_name(name: str) -> None:
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise Refusal("Le nom du fichier est illisible ou trop long ; renommez-le, puis importez-le.", field="file")


def read_temperatures(
    content: bytes, time_column: str, temperature_column: str, zone: ZoneInfo
) -> Iterable[tuple[dt.datetime, Decimal]]:
    """Yield (hour in UTC, °C) of each row of a CSV with a value; the first column names line 1."""
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Refusal(
            "Ligne {line} : le fichier n'est pas en UTF-8 ; enregistrez-le en CSV UTF-8.", field="file", line=line
        ) from None
    header = decoded.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(decoded), delimiter=";" if header.count(";") > header.count(",") else ",")
    columns = _columns(reader)
    for column in (time_column, temperature_column):
        if column not in columns:
            found = textwrap.shorten(", ".join(columns), LONGEST_LIST, placeholder="…") or "aucune"
            raise Refusal(
                "La colonne « {column} » manque ; le fichier contient : {found}.",
                field="file",
                column=column,
                found=found,
            )
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
                "Ligne {line} : l'heure {hour} est donnée deux fois, avec deux valeurs.",
                line=reader.line_num,
                hour=row[time_column],
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
        "Ligne {line} : ce n'est pas un tableau CSV lisible ; ouvrez le fichier dans un tableur et "
        "enregistrez-le en CSV UTF-8.",
        field="file",
        line=line,
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
            "Ligne {line} : {cell} n'est pas un début d'heure ; il faut une valeur par heure ronde.",
            field="file",
            line=line,
            cell=cell,
        )
    return stamp


def _celsius(cell: str, line: int) -> Decimal:
    if not _CELSIUS.fullmatch(cell):
        raise Refusal(
            "Ligne {line} : « {cell} » n'est pas un nombre ; il faut un point décimal, par exemple 5.3.",
            field="file",
            line=line,
            cell=cell[:40],
        )
    value = Decimal(cell)
    if not COLDEST <= value <= HOTTEST:
        raise Refusal(
            "Ligne {line} : {cell} °C est impossible dehors ; le fichier est-il bien en degrés Celsius ?",
            field="file",
            line=line,
            cell=cell,
        )
    return value
