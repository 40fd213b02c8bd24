"""The one verb that writes observations: each new value is a version, and the hours it touches are made anew.

The hour that counts is the newest version of the best source that has an accepted value: a service's checked database
before messages sent at the instant. What a plan or report was made of stays with it; see `baseline.revisions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select, text

from baseline.weather.observed import ACCEPTED, DAILY, HOURLY
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.weather.models import Station
    from baseline.weather.observed import Described, Observed

CHUNK: Final = 20_000
BEST_FIRST: Final = ("meteo_france", "csv", "sensor", "open_meteo", "synop")
"""Where two sources know an hour of one station."""

_NEW_VERSIONS = text("""
    INSERT INTO baseline.observation
        (station_id, parameter, at, source, version, celsius, quality, received_at, attachment_id)
    SELECT :station, told.parameter, told.at, :source, coalesce(last.version, 0) + 1, told.celsius, told.quality, :now,
        :attachment
    FROM unnest(cast(:parameters AS text[]), cast(:ats AS timestamptz[]), cast(:celsius AS numeric(7, 4)[]),
        cast(:qualities AS integer[])) AS told (parameter, at, celsius, quality)
    LEFT JOIN LATERAL (
        SELECT version, celsius, quality FROM baseline.observation
        WHERE station_id = :station AND parameter = told.parameter AND at = told.at AND source = :source
        ORDER BY version DESC LIMIT 1
    ) AS last ON true
    WHERE CASE WHEN last.version IS NULL THEN told.celsius IS NOT NULL
        ELSE (last.celsius, last.quality) IS DISTINCT FROM (told.celsius, told.quality) END
    RETURNING parameter, at, version
""")
AS_IT_COUNTS: Final = """
    SELECT DISTINCT ON (at) at, celsius FROM (
        SELECT DISTINCT ON (at, source) at, source, celsius, quality FROM baseline.observation
        WHERE station_id = :station AND parameter = 'T' AND at = ANY(:hours) {until}
        ORDER BY at, source, version DESC
    ) AS newest
    WHERE celsius IS NOT NULL AND (quality IS NULL OR quality = ANY(:accepted))
    ORDER BY at, array_position(cast(:sources AS text[]), source)
"""
"""The °C of each of `hours` that has one; format with `until`, a further condition on versions."""
_WRITE_HOURS = text(f"""
    INSERT INTO baseline.temperature (station_id, hour, celsius)
    SELECT :station, at, celsius FROM ({AS_IT_COUNTS.format(until="")}) AS counts
    ON CONFLICT (station_id, hour) DO UPDATE SET celsius = excluded.celsius
    WHERE temperature.celsius <> excluded.celsius
""")  # noqa: S608 - our own text, no value in it
_TAKE_HOURS_AWAY = text(f"""
    DELETE FROM baseline.temperature WHERE station_id = :station AND hour = ANY(:hours)
        AND hour NOT IN (SELECT at FROM ({AS_IT_COUNTS.format(until="")}) AS counts)
""")  # noqa: S608 - our own text, no value in it


class Written(NamedTuple):
    """How many values were new, and how many revised what was known; by hour and by day."""

    hours_new: int = 0
    hours_changed: int = 0
    days_new: int = 0
    days_changed: int = 0


def observe(
    session: Session,
    station: Station,
    values: Sequence[Observed],
    *,
    source: str,
    now: dt.datetime,
    attachment_id: int | None = None,
) -> Written:
    """Add what is new in `values`; the same again adds nothing, whoever brings it at the same time.

    Refuses a reanalysis for a station that is measured, and the other way round: one series is of one kind.
    """
    if (source == "open_meteo") != (station.source == "open_meteo"):
        raise Refusal(
            "La station {code} est d'une autre nature que ce fichier : une réanalyse (Open-Meteo) n'est pas"
            " l'observation d'une station ; enregistrez une station à part pour elle.",
            field="file",
            code=station.code,
        )
    # One writer a station at a time: two would both make version 2 of the same hour.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("baseline.observation"), station.id)))
    told = {"station": station.id, "source": source, "now": now, "attachment": attachment_id}
    chunks = [_add(session, station, values[at : at + CHUNK], told) for at in range(0, len(values), CHUNK)]
    return Written(*(sum(counts) for counts in zip(*chunks, strict=True)))


def _add(session: Session, station: Station, values: Sequence[Observed], told: dict[str, object]) -> Written:
    columns = {
        "parameters": [one.parameter for one in values],
        "ats": [one.at for one in values],
        "celsius": [one.celsius for one in values],
        "qualities": [one.quality for one in values],
    }
    rows = session.execute(_NEW_VERSIONS, told | columns).all()
    hours = [row.at for row in rows if row.parameter == HOURLY]
    if hours:
        touched = counting(station, hours)
        session.execute(_TAKE_HOURS_AWAY, touched)
        session.execute(_WRITE_HOURS, touched)
    return Written(
        sum(row.version == 1 for row in rows if row.parameter == HOURLY),
        sum(row.version > 1 for row in rows if row.parameter == HOURLY),
        sum(row.version == 1 for row in rows if row.parameter in DAILY),
        sum(row.version > 1 for row in rows if row.parameter in DAILY),
    )


def counting(station: Station, hours: Sequence[dt.datetime]) -> dict[str, object]:
    """Return the parameters of `AS_IT_COUNTS`."""
    return {
        "station": station.id,
        "hours": list(hours),
        "accepted": sorted(ACCEPTED),
        "sources": list(BEST_FIRST),
    }


def complete(station: Station, told: Described) -> None:
    """Write down what a file says of its station where the register says nothing."""
    station.latitude = station.latitude if station.latitude is not None else told.latitude
    station.longitude = station.longitude if station.longitude is not None else told.longitude
    station.altitude_m = station.altitude_m if station.altitude_m is not None else told.altitude_m
