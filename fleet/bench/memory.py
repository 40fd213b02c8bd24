"""Whether the memory of ingest stays flat while readings come in steadily, for minutes."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from statistics import linear_regression
from typing import TYPE_CHECKING

import psycopg

from devices.simulator.reconcile import reconcile
from fleet.drill.measure import megabytes
from fleet.drill.processes import Sensors
from fleet.drill.run import announced

if TYPE_CHECKING:
    from collections.abc import Callable

    from devices.simulator.sensors import Fleet
    from fleet.drill.ground import Ground
    from fleet.drill.processes import Ingest

RATE = 1_000
"""Messages a second: enough to keep ingest busy, little enough to leave room to whoever shares the machine."""
EVERY = 1.0
WARM_UP = 60.0
"""Seconds in which what is kept on purpose (inventory, plans of statements) fills up."""
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the ingest process, sampled each second once it was warm."""

    minutes: float
    messages: int
    first_mb: float
    last_mb: float
    peak_mb: float
    growth_mb_per_hour: float
    """Slope of a straight line through all samples."""
    missing: int
    duplicates: int

    def as_json(self) -> dict[str, float]:
        """Return the figures, rounded to what they mean."""
        return {name: round(figure, 1) for name, figure in asdict(self).items()}

    @property
    def sentence(self) -> str:
        """The figures for people."""
        return (
            f"mémoire d'ingest pendant {self.minutes:.0f} min ({self.messages} messages) : {self.first_mb:.1f} Mio,"
            f" {self.last_mb:.1f} à la fin, {self.peak_mb:.1f} au plus, pente {self.growth_mb_per_hour:+.1f} Mio/h"
        )


def watch(ground: Ground, ingest: Ingest, fleet: Fleet, minutes: float, tell: Callable[[str], None]) -> Memory:
    """Let `fleet` speak for `minutes` to the `ingest` that runs; return what its memory did and what arrived."""
    ledger = ground.folder / f"{fleet.name}-memory.ledger"
    words = ("--name", fleet.name, "--sensors", str(fleet.sensors), "--since", f"{fleet.since:%Y-%m-%dT%H:%M:%S}")
    sensors = Sensors(ground, ledger, *words, "--values", str(fleet.values_per_message), "--rate", str(RATE))
    warm_up = min(WARM_UP, minutes * 60 / 4)
    times, sizes = [], []
    started = told = time.monotonic()
    try:
        while (elapsed := time.monotonic() - started) < minutes * 60:
            time.sleep(EVERY)
            if elapsed >= warm_up:
                times.append(elapsed)
                sizes.append(megabytes(ingest.pid))
            if time.monotonic() - told > WARM_UP:
                told = time.monotonic()
                tell(f"{elapsed / 60:.0f} min : {megabytes(ingest.pid):.1f} Mio")
        sensors.stop()
        published = sensors.end()["published"]
    finally:
        sensors.kill()
    _wait(ground, fleet.name, published * fleet.values_per_message)
    with psycopg.connect(ground["FLEET_DATABASE_WORKER_URL"], autocommit=True) as connection:
        account = reconcile(connection, ledger)
    slope = linear_regression(times, sizes).slope if len(times) > 1 else 0.0
    return Memory(
        minutes=minutes,
        messages=published,
        first_mb=sizes[0],
        last_mb=sizes[-1],
        peak_mb=max(sizes),
        growth_mb_per_hour=slope * 3600,
        missing=account.missing,
        duplicates=account.duplicates + account.stowaways,
    )


def _wait(ground: Ground, name: str, values: int) -> None:
    """Wait until all `values` are stored; what has not come after a while is counted as missing."""
    deadline = time.monotonic() + PATIENCE
    while announced(ground, name) < values and time.monotonic() < deadline:
        time.sleep(0.2)
