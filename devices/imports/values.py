"""The values of a file against what is stored: counted first, then written through the door of all readings."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import text

from devices.imports.profile import Kind
from devices.imports.rows import Problem
from devices.ingest.message import Message
from devices.ingest.sorting import Row, Sorted
from devices.ingest.store import month_of, store
from devices.series.register import find_series, series_since

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from psycopg import Connection
    from sqlalchemy.orm import Session

    from devices.imports.outcome import Outcome
    from devices.imports.profile import Profile
    from devices.imports.rows import Value

Item = TypeVar("Item")

BATCH: Final = 10_000

# What the file says, once an instant; what is stored there, corrected where it was.
_TABLES = """
DROP TABLE IF EXISTS pg_temp.incoming, pg_temp.incoming_series, pg_temp.incoming_known;
CREATE TEMPORARY TABLE incoming (line int, point_id int, at timestamptz, value numeric) ON COMMIT DROP;
CREATE TEMPORARY TABLE incoming_series (point_id int PRIMARY KEY, installation_id int) ON COMMIT DROP;
CREATE TEMPORARY TABLE incoming_known (line int, point_id int, at timestamptz, value numeric, stored numeric)
    ON COMMIT DROP
"""
_TWICE = text("""
    SELECT line, at, value, earlier, before FROM (
        SELECT line, at, value, first_value(line) OVER same AS earlier, first_value(value) OVER same AS before
        FROM incoming WINDOW same AS (PARTITION BY point_id, at ORDER BY line)) AS told
    WHERE value <> before ORDER BY line
""")
_KNOWN = text("""
    INSERT INTO incoming_known
    SELECT DISTINCT ON (i.point_id, i.at) i.line, i.point_id, i.at, i.value, coalesce(c.value, r.value)
    FROM incoming i JOIN incoming_series s USING (point_id)
    JOIN devices.reading r ON r.installation_id = s.installation_id AND r.ts = i.at
    LEFT JOIN LATERAL (
        SELECT value FROM devices.reading_correction
        WHERE installation_id = r.installation_id AND ts = r.ts ORDER BY id DESC LIMIT 1) c ON true
    ORDER BY i.point_id, i.at, i.line
""")
# Intervals that cover each other are left out of the energy, which would be a part of what the file says.
_CLOSER = text("""
    SELECT line, at, earlier, round(extract(epoch FROM at - before) / 60, 2) FROM (
        SELECT line, at,
            lag(at) OVER of_point AS before, lag(line) OVER of_point AS earlier
        FROM (SELECT DISTINCT ON (point_id, at) line, point_id, at FROM incoming ORDER BY point_id, at, line) AS once
        WINDOW of_point AS (PARTITION BY point_id ORDER BY at)) AS told
    WHERE at - before < make_interval(mins => :step) ORDER BY line
""")
# Further apart than the profile's step all along, or 24 times in a row: another step, whose hours would be missing.
_WIDER = text("""
    SELECT DISTINCT ON (point_id) line, at, earlier, round(extract(epoch FROM apart) / 60, 2) FROM (
        SELECT *, min(apart) OVER (PARTITION BY point_id) AS least,
            min(apart) OVER lately AS least_lately, count(apart) OVER lately AS n
        FROM (
            SELECT point_id, line, at, at - lag(at) OVER of_point AS apart, lag(line) OVER of_point AS earlier
            FROM (SELECT DISTINCT ON (point_id, at) line, point_id, at FROM incoming ORDER BY point_id, at, line)
                AS once
            WINDOW of_point AS (PARTITION BY point_id ORDER BY at)) AS told
        WINDOW lately AS (PARTITION BY point_id ORDER BY at ROWS BETWEEN 23 PRECEDING AND CURRENT ROW)) AS looked
    WHERE (least > make_interval(mins => :step) AND least <= interval '1 hour' AND apart = least)
        OR (n = 24 AND least_lately > make_interval(mins => :step))
    ORDER BY point_id, at
""")
_COUNTS = text("""
    SELECT count(*), count(DISTINCT (point_id, at)), count(DISTINCT point_id), min(at), max(at),
        (SELECT count(*) FROM incoming_known) FROM incoming
""")
_CHANGED = text("SELECT line, at, value, stored FROM incoming_known WHERE value <> stored ORDER BY line")
_NEW = """
SELECT DISTINCT ON (s.installation_id, i.at) s.installation_id, i.at, i.value
FROM incoming i JOIN incoming_series s USING (point_id)
WHERE NOT EXISTS (SELECT FROM incoming_known k WHERE k.point_id = i.point_id AND k.at = i.at)
ORDER BY s.installation_id, i.at
"""
_CORRECT = text("""
    WITH corrected AS (
        INSERT INTO devices.reading_correction (installation_id, ts, value, reason, attachment_id, corrected_by)
        SELECT s.installation_id, k.at, k.value, :reason, :attachment, :by
        FROM incoming_known k JOIN incoming_series s USING (point_id) WHERE k.value <> k.stored
        RETURNING installation_id, ts)
    INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
    SELECT installation_id, :now, min(ts), max(ts), count(*) FROM corrected GROUP BY installation_id
""")


def step_of(profile: Profile) -> str:
    """Return the step of the series such files make (`devices.series.models.STEPS`)."""
    if profile.kind is Kind.CURVE:
        return f"PT{profile.step}M"
    return "day" if profile.kind is Kind.DAILY else "index"


def counts_of(profile: Profile, energy: str) -> str:
    """Return what a series counts: gas in m³ is a volume, to be multiplied by dated coefficients."""
    return "volume" if profile.is_volume and energy == "gas" else "energy"


def stage(session: Session, values: Iterable[Value]) -> None:
    """Put `values` where the database can compare them, for this transaction."""
    connection = connection_of(session)
    connection.execute(_TABLES)
    for some in _batches(values, BATCH):
        with connection.cursor().copy("COPY pg_temp.incoming FROM STDIN") as copy:
            for value in some:
                copy.write_row(value)
    connection.execute("ANALYZE pg_temp.incoming")


def compare(session: Session, profile: Profile, energies: dict[int, str], outcome: Outcome) -> None:
    """Count what is staged into `outcome`: twice in the file, stored already, contradicting what is stored."""
    zone = ZoneInfo(profile.timezone)
    outcome.add(
        [
            Problem(
                line,
                "",
                f"Le même instant ({_wall(at, zone)}) vaut {_shown(value)} ici et {_shown(before)} ligne {earlier}.",
            )
            for line, at, value, earlier, before in session.execute(_TWICE)
        ]
    )
    if profile.kind is Kind.CURVE:
        outcome.add(_too_close(session, profile, zone))
        outcome.add(_too_far(session, profile, zone))
    for point_id, energy in energies.items():
        known = find_series(session, point_id, counts=counts_of(profile, energy), step=step_of(profile))
        if known is not None:
            _say_series(session, point_id, known.id)
    session.execute(_KNOWN)
    rows, instants, points, first, last, known_rows = session.execute(_COUNTS).one()
    outcome.points, outcome.new = points, instants - known_rows
    outcome.first, outcome.last = (moment.isoformat() if moment else "" for moment in (first, last))
    for line, at, value, stored in session.execute(_CHANGED):
        outcome.contradict(
            Problem(
                line,
                "",
                f"Le {_wall(at, zone)} vaut {_shown(value)} ici et {_shown(stored)} parmi les relevés enregistrés.",
            )
        )
    outcome.same = rows - outcome.new - outcome.changed


def _too_close(session: Session, profile: Profile, zone: ZoneInfo) -> list[Problem]:
    """Return the rows of a load curve that begin before the one before them, of the same point, has ended."""
    return [
        Problem(
            line,
            "",
            f"Cette valeur ({_wall(at, zone)}) vient {_shown(minutes)} min après celle de la ligne {earlier}, et le"
            f" profil dit un pas de {profile.step} min ; corrigez le pas du profil, ou coupez le fichier là où le pas"
            " change.",
        )
        for line, at, earlier, minutes in session.execute(_CLOSER, {"step": profile.step})
    ]


def _too_far(session: Session, profile: Profile, zone: ZoneInfo) -> list[Problem]:
    """Return a row for each point whose values are further apart than the profile's step, hole after hole."""
    return [
        Problem(
            line,
            "",
            f"Cette valeur ({_wall(at, zone)}) vient {_shown(minutes)} min après celle de la ligne {earlier} : le pas"
            f" du fichier n'est pas celui du profil, {profile.step} min ; corrigez le pas du profil, ou coupez le"
            " fichier là où le pas change.",
        )
        for line, at, earlier, minutes in session.execute(_WIDER, {"step": profile.step})
    ]


def write(
    session: Session,
    profile: Profile,
    energies: dict[int, str],
    *,
    source: str,
    attachment_id: int,
    reason: str,
    by: str,
    now: dt.datetime,
) -> None:
    """Store what is staged and new, and what is declared as a correction; energy is derived from it by the worker."""
    starts = session.execute(text("SELECT point_id, min(at) FROM incoming GROUP BY point_id ORDER BY point_id")).all()
    for point_id, since in starts:
        counts = counts_of(profile, energies[point_id])
        series = series_since(session, point_id, counts=counts, step=step_of(profile), since=since)
        _say_series(session, point_id, series.id)
    connection = connection_of(session)
    message = Message(source, b"", now, None)
    partitions: set[dt.date] = set()
    with connection.cursor("incoming_new") as cursor:
        cursor.itersize = BATCH
        cursor.execute(_NEW)
        for some in _batches(cursor, BATCH):
            found = Sorted(rows=[Row(installation, at, value, message) for installation, at, value in some])
            store(connection, found, partitions)
            partitions |= {month_of(row.ts) for row in found.rows}
    session.execute(_CORRECT, {"reason": reason, "attachment": attachment_id, "by": by, "now": now})


def _wall(at: dt.datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d/%m/%Y à %H:%M}"


def _shown(value: Decimal) -> str:
    return f"{value.normalize():f}".replace(".", ",")


def _say_series(session: Session, point_id: int, installation_id: int) -> None:
    session.execute(
        text("INSERT INTO incoming_series VALUES (:point, :installation) ON CONFLICT DO NOTHING"),
        {"point": point_id, "installation": installation_id},
    )


def connection_of(session: Session) -> Connection[Any]:
    """Return psycopg's own connection under `session`, in its transaction."""
    return cast("Connection[Any]", session.connection().connection.driver_connection)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield `items` in lists of `size`."""
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
