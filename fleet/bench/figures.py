"""What a bench found, and how it is said: one flat object, or a small table."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.bench.memory import Memory

HEADS = ("historique", "ingest /s", "base /s", "client /s", "possible /s", "rapport", "manquants", "doublons")
WIDTH = 11


@dataclass(slots=True)
class Times:
    """Seconds and values, added up over the rounds."""

    values: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Values a second."""
        return self.values / self.seconds if self.seconds else 0.0

    def add(self, values: int, seconds: float) -> None:
        """Add a round."""
        self.values += values
        self.seconds += seconds


@dataclass(slots=True)
class Measured:
    """What the rounds found that began with `stored` values of history."""

    stored: int
    ingest: Times = field(default_factory=Times)
    database: Times = field(default_factory=Times)
    consumer: Times = field(default_factory=Times)
    missing: int = 0
    duplicates: int = 0
    ingest_peak_mb: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    """Seconds by process, over `cpu_values` values: starting is not in it."""
    cpu_values: int = 0

    @property
    def possible(self) -> float:
        """Values a second of somebody who does both things one after the other, and nothing else."""
        return 1 / (1 / self.database.per_second + 1 / self.consumer.per_second)

    @property
    def ratio(self) -> float:
        """Ours to what is possible."""
        return self.ingest.per_second / self.possible

    def add(self, other: Measured) -> None:
        """Add the rounds of `other`, which had another history."""
        for mine, theirs in (
            (self.ingest, other.ingest),
            (self.database, other.database),
            (self.consumer, other.consumer),
        ):
            mine.add(theirs.values, theirs.seconds)
        self.missing += other.missing
        self.duplicates += other.duplicates
        self.ingest_peak_mb = max(self.ingest_peak_mb, other.ingest_peak_mb)
        self.cpu_values += other.cpu_values
        for name, seconds in other.cpu.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + seconds

    def as_json(self) -> dict[str, object]:
        """Return the figures as one flat object."""
        return {
            "values_per_s": round(self.ingest.per_second),
            "database_limit_per_s": round(self.database.per_second),
            "consumer_limit_per_s": round(self.consumer.per_second),
            "possible_per_s": round(self.possible),
            "ratio": round(self.ratio, 3),
            "missing": self.missing,
            "duplicates": self.duplicates,
            "values": self.ingest.values,
            "ingest_peak_mb": round(self.ingest_peak_mb, 1),
            "cpu_seconds_per_million_values": self.cpu_per_million,
        }

    @property
    def cpu_per_million(self) -> dict[str, float]:
        """Seconds of the processor a million values take, by process; empty where rounds were over before we looked."""
        return {name: round(used / self.cpu_values * 1e6, 1) for name, used in self.cpu.items() if self.cpu_values}


@dataclass(frozen=True, slots=True)
class Found:
    """A bench: its rounds by history, and how memory went where that was asked."""

    messages: int
    values_per_message: int
    sensors: int
    rounds: int
    by_stored: Sequence[Measured]
    memory: Memory | None = None

    @property
    def total(self) -> Measured:
        """All rounds together."""
        total = Measured(self.by_stored[-1].stored)
        for measured in self.by_stored:
            total.add(measured)
        if self.memory:
            total.missing += self.memory.missing
            total.duplicates += self.memory.duplicates
        return total

    def as_json(self) -> dict[str, object]:
        """Return everything: the figures of all rounds together first."""
        return self.total.as_json() | {
            "messages": self.messages,
            "values_per_message": self.values_per_message,
            "sensors": self.sensors,
            "rounds": self.rounds,
            "qos": 1,
            "publishing_timed": False,
            "stored_before": self.total.stored,
            "by_stored": [{"stored": measured.stored} | measured.as_json() for measured in self.by_stored],
            "memory": self.memory and self.memory.as_json(),
            "machine": machine(),
        }

    def as_table(self) -> Iterator[str]:
        """Yield the lines of a table, one line a history."""
        yield f"{machine()} ; QoS 1, {self.values_per_message} relevés par message, publication non comptée"
        yield ""
        yield " ".join(f"{head:>{WIDTH}}" for head in HEADS) + "   CPU, s par million de relevés"
        for one in self.by_stored:
            speeds = [x.per_second for x in (one.ingest, one.database, one.consumer)]
            cells = [
                *map(_grouped, (one.stored, *speeds, one.possible)),
                f"{one.ratio:.2f}",
                one.missing,
                one.duplicates,
            ]
            cpu = ", ".join(f"{name} {used:.1f}" for name, used in one.cpu_per_million.items())
            yield " ".join(f"{cell:>{WIDTH}}" for cell in cells) + f"   {cpu}"
        if self.memory:
            yield ""
            yield self.memory.sentence


def _grouped(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def machine() -> str:
    """Return what the bench ran on, in a line."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, {platform.system()} {platform.release()}"
