"""What deriving energy costs: a whole year at first, then the readings that follow and those that come late."""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from devices.energy.derive import derive_point
from devices.simulator.sensors import Fleet
from fleet.bench.figures import machine
from fleet.bench.history import History
from fleet.bench.limits import installations_of
from fleet.drill.run import register
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session, sessionmaker

    from devices.energy.derive import Derived
    from fleet.drill.ground import Ground

SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
UNTIL = dt.datetime(2020, 12, 31, 23, 20, tzinfo=dt.UTC)
"""Readings at twenty past, so that one more moves energy from an hour to the next; what follows is the last of 2020."""
MORE_KWH = 0.1
"""What a late reading shows beyond the straight line its neighbours are on."""

_ARRIVES = """
WITH new AS (
    INSERT INTO devices.reading (installation_id, ts, value, received_at)
    VALUES (%(of)s, %(at)s, round(extract(epoch FROM %(at)s::timestamptz) / 60 * 0.025 + %(more)s::numeric, 3), now())
)
INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
VALUES (%(of)s, now(), %(at)s, %(at)s, 1)
"""


@dataclass(slots=True)
class Turn:
    """Derivations of one kind: how long each took, and the most hours and days one changed."""

    milliseconds: list[float] = field(default_factory=list)
    most_hours: int = 0
    most_days: int = 0

    def add(self, seconds: float, derived: Derived) -> None:
        """Add one."""
        self.milliseconds.append(seconds * 1000)
        self.most_hours = max(self.most_hours, derived.hours)
        self.most_days = max(self.most_days, derived.days)

    def as_json(self) -> dict[str, float]:
        """Return the figures."""
        return {
            "median_ms": round(median(self.milliseconds), 1),
            "worst_ms": round(max(self.milliseconds), 1),
            "most_hours_changed": self.most_hours,
            "most_days_changed": self.most_days,
        }


def energy(ground: Ground, points: int, tell: Callable[[str], None]) -> dict[str, object]:
    """Return what deriving costs for `points` points read every hour of a year: in the beginning, hourly, and late."""
    fleet = Fleet(name=f"energy-{uuid.uuid4().hex[:8]}", sensors=points, since=SINCE)
    register(ground, fleet)
    installations = sorted(installations_of(ground["FLEET_DATABASE_WORKER_URL"], fleet.name).values())
    engine = engine_for(ground["FLEET_DATABASE_WORKER_URL"])
    sessions = session_factory(engine)
    hours = (UNTIL - SINCE) // HOUR
    with (
        History(ground["FLEET_DATABASE_OWNER_URL"], installations, UNTIL, tell, step=HOUR) as history,
        psycopg.connect(ground["FLEET_DATABASE_WORKER_URL"], autocommit=True) as connection,
    ):
        history.fill(hours * points)
        served: dict[int, int] = dict(
            connection.execute(
                "SELECT id, point_id FROM devices.installation WHERE id = ANY(%s)", [installations]
            ).fetchall()
        )

        def arrive(at: Callable[[], dt.datetime], more: float = 0.0) -> Iterable[int]:
            for installation_id in installations:
                connection.execute(_ARRIVES, {"of": installation_id, "at": at(), "more": more})
                yield served[installation_id]

        chance = random.Random(1)  # noqa: S311 - a bench that can be repeated
        whole = _derive(sessions, served.values())
        tell(f"une année : {whole.as_json()}")
        late = _derive(sessions, arrive(lambda: UNTIL - (chance.randrange(2, hours) + 0.5) * HOUR, MORE_KWH))
        tell(f"un relevé tardif : {late.as_json()}")
        following = _derive(sessions, arrive(lambda: UNTIL))
    engine.dispose()
    return {
        "points": points,
        "readings": hours * points,
        "year": whole.as_json(),
        "late_reading": late.as_json(),
        "next_reading": following.as_json(),
        "machine": machine(),
    }


def _derive(sessions: sessionmaker[Session], points: Iterable[int]) -> Turn:
    turn = Turn()
    for point_id in points:
        with sessions.begin() as session:
            started = time.perf_counter()
            derived = derive_point(session, point_id)
        turn.add(time.perf_counter() - started, derived)
    return turn
