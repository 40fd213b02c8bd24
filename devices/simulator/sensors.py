"""What simulated sensors say: each has an index that only grows, read at a fixed step, with faults where asked."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from devices.dialects.spl import topic_of
from devices.ingest.publish import payload_of
from devices.simulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHANNEL = "index"
SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)
FALLEN_BACK = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
OUT_OF_ORDER_BY = 10
LATE_BY = 500


class Said(NamedTuple):
    """One message of a sensor and what was done to it ("" for nothing)."""

    topic: str
    payload: bytes
    fault: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """Simulated sensors: how many, what they are called, how they read; `seed` makes them say the same again."""

    name: str
    sensors: int = 20
    values_per_message: int = 4
    since: dt.datetime = SINCE
    step: dt.timedelta = dt.timedelta(minutes=1)
    seed: int = 1
    faults: Mapping[Fault, float] = field(default_factory=dict)

    def serial(self, number: int) -> str:
        """Return the serial of sensor `number`, counted from 0."""
        return f"SIM-{self.name}-{number:05d}"

    @property
    def serials(self) -> list[str]:
        """All serials."""
        return [self.serial(number) for number in range(self.sensors)]


def messages(fleet: Fleet) -> Iterator[Said]:
    """Yield what the sensors say, each in turn, for ever; what is held back comes when its time has come."""
    chance = random.Random(fleet.seed)  # noqa: S311 - a generated fleet needs a seed, not secrecy
    held: list[tuple[int, int, Said]] = []
    for number, (said, fault) in enumerate(_drawn(fleet, chance)):
        if fault is Fault.OUT_OF_ORDER:
            heapq.heappush(held, (number + chance.randint(1, OUT_OF_ORDER_BY), number, said))
        elif fault is Fault.LATE:
            heapq.heappush(held, (number + chance.randint(LATE_BY // 2, LATE_BY), number, said))
        elif fault is not Fault.GAP:
            yield said
        if fault is Fault.DUPLICATE:
            yield said
        while held and held[0][0] <= number:
            yield heapq.heappop(held)[2]


def _drawn(fleet: Fleet, chance: random.Random) -> Iterator[tuple[Said, Fault | None]]:
    """Yield each message with the fault that was drawn for it, what it says already changed accordingly."""
    faults, shares = list(fleet.faults), list(itertools.accumulate(fleet.faults.values()))
    indexes = [0] * fleet.sensors
    for turn in itertools.count():
        start = fleet.since + turn * fleet.values_per_message * fleet.step
        times = [start + n * fleet.step for n in range(fleet.values_per_message)]
        for sensor in range(fleet.sensors):
            drawn = chance.random()
            fault = next((fault for fault, upto in zip(faults, shares, strict=True) if drawn < upto), None)
            if fault is Fault.RESET:
                indexes[sensor] = 0
            watt_hours = range(indexes[sensor], indexes[sensor] + 25 * len(times), 25)
            indexes[sensor] = watt_hours.stop
            topic = topic_of(fleet.serial(sensor))
            stamps = _skewed(times, chance) if fault is Fault.CLOCK_SKEW else times
            payload = _payload(stamps, watt_hours)
            if fault is Fault.BAD_PAYLOAD:
                payload = _spoilt(payload, chance)
            yield Said(topic, payload, fault or ""), fault
            if fault is Fault.CONFLICT:
                yield Said(topic, _payload(times, range(watt_hours.start + 1, watt_hours.stop + 1, 25)), fault), None


def _payload(times: list[dt.datetime], watt_hours: range) -> bytes:
    return payload_of(CHANNEL, [(time, Decimal(wh).scaleb(-3)) for time, wh in zip(times, watt_hours, strict=True)])


def _skewed(times: list[dt.datetime], chance: random.Random) -> list[dt.datetime]:
    """Return `times` as told by a clock that is far ahead, or that starts anew in 1970."""
    wrong = dt.datetime.now(dt.UTC).replace(microsecond=0) + YEAR if chance.random() < 0.5 else FALLEN_BACK
    return [wrong + (time - times[0]) for time in times]


def _spoilt(payload: bytes, chance: random.Random) -> bytes:
    """Return what a failing sensor or line makes of `payload`."""
    spoilt = (
        b"",
        payload[: len(payload) // 2],
        b"\x00\xff" + payload,
        payload.replace(b'"value":', b'"value":NaN,"was":'),
        payload.replace(b'"time"', b'"when"'),
        b"[" * 5_000,
    )
    return chance.choice(spoilt)
