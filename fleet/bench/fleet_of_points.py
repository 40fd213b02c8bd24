"""A large fleet for a bench: towns, buildings, points, sensors, a month of energy, alerts, readings behind it all."""

from __future__ import annotations

import datetime as dt
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from fleet.bench.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POINTS_OF_A_BUILDING = 2
BUILDINGS_OF_A_SITE = 2
TOWNS = 40
ALERTED = 20
"""One point in so many has an open alert."""
HOURS_OF_A_YEAR = 8760
USES = ("école", "mairie", "gymnase", "médiathèque", "crèche")
ENERGIES = ("electricity", "gas", "heat", "electricity", "water")
_LAST_MONTH = dt.timedelta(days=31)

_TOWNS = """
INSERT INTO contracts.shareholder (name, kind, siren, street, postcode, city, email, synthetic)
SELECT v, 'commune', (300000000 + n + (SELECT count(*) FROM contracts.shareholder))::text,
       '1 place', '56000', v, '', true
FROM generate_series(1, %(towns)s) n, format('Ville %%s-%%s', %(mark)s::text, n) v
"""
_SITES = """
INSERT INTO contracts.site (name, timezone, street, postcode, city, synthetic, latitude, longitude)
SELECT format('Site %%s-%%s', %(mark)s::text, n), 'Europe/Paris', '', '56000',
       format('Ville %%s-%%s', %(mark)s::text, 1 + n %% %(towns)s), true,
       47 + n * 0.0001, -3 + n * 0.0001
FROM generate_series(1, %(sites)s) n
"""
_BUILDINGS = """
INSERT INTO contracts.building (site_id, name, use, floor_area_m2)
SELECT s.id, 'Bâtiment ' || s.id || '-' || n, (%(uses)s::text[])[1 + (s.id + n) %% 5], 500 + (s.id * 37) %% 3000
FROM contracts.site s, generate_series(1, %(of_site)s) n WHERE s.name LIKE format('Site %%s-%%%%', %(mark)s::text)
"""
_HOLDINGS = """
INSERT INTO contracts.holding (building_id, shareholder_id, period, origin, act)
SELECT b.id, h.id, daterange('2015-01-01', NULL), 'declared', ''
FROM contracts.building b JOIN contracts.site s ON s.id = b.site_id JOIN contracts.shareholder h ON h.name = s.city
WHERE s.name LIKE format('Site %%s-%%%%', %(mark)s::text)
"""
_POINTS = """
INSERT INTO devices.metering_point (building_id, name, energy, identifier)
SELECT b.id, 'Compteur ' || n, (%(energies)s::text[])[1 + (b.id + n) %% 5], '9' || lpad((b.id * 10 + n)::text, 13, '0')
FROM contracts.building b JOIN contracts.site s ON s.id = b.site_id, generate_series(1, %(of_building)s) n
WHERE s.name LIKE format('Site %%s-%%%%', %(mark)s::text) RETURNING id
"""
_DEVICES = """
INSERT INTO devices.device (serial, state) SELECT 'BANC-' || p, 'commissioned' FROM unnest(%(points)s::int[]) p
"""
_INSTALLATIONS = """
INSERT INTO devices.installation (device_id, point_id, channel, quantity, factor, period)
SELECT d.id, substr(d.serial, 6)::int, 'index', 'energy_index', 1, tstzrange('2020-01-01+00', NULL)
FROM devices.device d WHERE d.serial IN (SELECT 'BANC-' || p FROM unnest(%(points)s::int[]) p) RETURNING id
"""
_DAYS = """
INSERT INTO devices.daily_energy (point_id, day, kwh, hours_measured, hours_expected, reason)
SELECT p, %(today)s::date - n, 50 + (p * 7 + n * 13) %% 90, 24, 24, 'measured'
FROM unnest(%(points)s::int[]) p, generate_series(1, 30) n
"""
_YEAR = """
INSERT INTO devices.hourly_energy (point_id, hour, kwh, reason)
SELECT %(point)s, h, 2 + extract(hour FROM h) %% 7, 'measured'
FROM generate_series(%(now)s::timestamptz - interval '1 year', %(now)s::timestamptz - interval '1 hour', '1 hour') h
"""
_ALERTS = """
INSERT INTO devices.alert
    (kind, subject, point_id, site_id, state, severity, facts, began_at, opened_at, assignee)
SELECT 'gap', 'point ' || p.id, p.id, b.site_id, 'open', 'warning',
       '{"days": 2, "first_day": "2026-01-01"}', %(now)s, %(now)s, ''
FROM devices.metering_point p JOIN contracts.building b ON b.id = p.building_id
WHERE p.id = ANY(%(points)s) AND p.id %% %(alerted)s = 0
"""


@contextmanager
def large_fleet(
    owner_url: str, points: int, readings: int, now: dt.datetime, tell: Callable[[str], None]
) -> Iterator[int]:
    """Fill a database with `points` points and `readings` readings; yield the building whose year is hour by hour.

    The readings are taken away again in the end; the rest stays in the bench's own services.
    """
    sites = max(1, points // (POINTS_OF_A_BUILDING * BUILDINGS_OF_A_SITE))
    told = {
        "mark": secrets.token_hex(3),
        "towns": min(TOWNS, sites),
        "sites": sites,
        "of_site": BUILDINGS_OF_A_SITE,
        "of_building": POINTS_OF_A_BUILDING,
        "uses": list(USES),
        "energies": list(ENERGIES),
        "today": now.date(),
        "now": now,
        "alerted": ALERTED,
    }
    with psycopg.connect(owner_url) as connection:
        for statement in (_TOWNS, _SITES, _BUILDINGS, _HOLDINGS):
            connection.execute(statement, told)
        ids = [row[0] for row in connection.execute(_POINTS, told)]
        told["points"], told["point"] = ids, ids[0]
        connection.execute(_DEVICES, told)
        installations = [row[0] for row in connection.execute(_INSTALLATIONS, told)]
        for statement in (_DAYS, _YEAR, _ALERTS):
            connection.execute(statement, told)
        building = connection.execute(
            "SELECT building_id FROM devices.metering_point WHERE id = %s", [ids[0]]
        ).fetchone()
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    tell(f"parc : {len(ids):,} points, {sites * BUILDINGS_OF_A_SITE:,} bâtiments")
    hour = dt.timedelta(hours=1)
    with History(owner_url, installations, now.replace(minute=0, second=0, microsecond=0), tell, step=hour) as history:
        history.fill(readings)
        yield building[0] if building else 0
