"""A history for the sensors of a bench: values stored before what is timed, and taken away again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MINUTE = dt.timedelta(minutes=1)

_ROWS = """
SELECT i, t, round(extract(epoch FROM t) / 60 * 0.025, 3), now()
FROM generate_series({start}, {until} - {step}, {step}) t, unnest({of}::int[]) i
"""


class History:
    """One value each `step` of each of `installations`, up to `until`, as far back as it takes.

    A month nobody has readings of yet is filled before it is attached, ten times as fast as row by row; those are
    dropped in the end.
    """

    def __init__(
        self,
        owner_url: str,
        installations: Sequence[int],
        until: dt.datetime,
        tell: Callable[[str], None],
        *,
        step: dt.timedelta = MINUTE,
    ) -> None:
        self._connection = psycopg.connect(owner_url, autocommit=True)
        self._installations = list(installations)
        self._reached = until
        self._step = step
        self._stored = 0
        self._made: list[str] = []
        self._tell = tell

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for month in self._made:
                self._run("ALTER TABLE devices.reading DETACH PARTITION devices.{month}", month=sql.Identifier(month))
                self._run("DROP TABLE devices.{month}", month=sql.Identifier(month))
        finally:
            self._connection.close()

    def fill(self, stored: int) -> None:
        """Go back until at least `stored` values are there."""
        while self._stored < stored:
            month = (self._reached - self._step).replace(day=1, hour=0, minute=0)
            wanted = -(-(stored - self._stored) // len(self._installations))
            start = self._reached - min(wanted, (self._reached - month) // self._step) * self._step
            self._fill(month, start)
            self._stored += (self._reached - start) // self._step * len(self._installations)
            self._reached = start
            self._tell(f"historique : {self._stored:,} valeurs, depuis le {start:%d/%m/%Y}")
        self._run("ANALYZE devices.reading")

    def _fill(self, month: dt.datetime, start: dt.datetime) -> None:
        name = f"reading_y{month:%Ym%m}"
        rows = sql.SQL(_ROWS).format(start=start, until=self._reached, step=self._step, of=self._installations)
        place, ours = sql.Identifier(name), name in self._made
        if not ours and self._connection.execute("SELECT to_regclass('devices.' || %s)", [name]).fetchone() != (None,):
            self._run("INSERT INTO devices.reading (installation_id, ts, value, received_at) {rows}", rows=rows)
            return
        with self._connection.transaction():
            if ours:
                self._run("ALTER TABLE devices.reading DETACH PARTITION devices.{place}", place=place)
                self._run(
                    "ALTER TABLE devices.{place} DROP CONSTRAINT {key}, DROP CONSTRAINT fk_reading_installation_id",
                    place=place,
                    key=sql.Identifier(f"{name}_pkey"),
                )
            else:
                self._run("CREATE TABLE devices.{place} (LIKE devices.reading INCLUDING DEFAULTS)", place=place)
            self._run("INSERT INTO devices.{place} {rows}", place=place, rows=rows)
            self._run("ALTER TABLE devices.{place} ADD PRIMARY KEY (installation_id, ts)", place=place)
            following = (month + dt.timedelta(days=32)).replace(day=1)
            self._run(
                "ALTER TABLE devices.reading ATTACH PARTITION devices.{place} FOR VALUES FROM ({start}) TO ({end})",
                place=place,
                start=month,
                end=following,
            )
        if not ours:
            self._made.append(name)

    def _run(self, statement: str, **parts: object) -> None:
        self._connection.execute(sql.SQL(statement).format(**parts))
