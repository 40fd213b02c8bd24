"""What simulated sensors say: each has an index that only grows, read at a fixed step, with faults where asked."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from devices.simulator.faults import Fault
from devices.simulator.voices import VOICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devices.simulator.voices import Meant, Voice

SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)
FALLEN_BACK = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
OUT_OF_ORDER_BY = 10
LATE_BY = 500


class Said(NamedTuple):
    """One message of a sensor, what was done to it ("" for nothing), and which values of whom it means."""

    topic: str
    payload: bytes
    fault: str
    serial: str = ""
    means: tuple[Meant, ...] = ()


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
    dialects: tuple[str, ...] = ("spl",)
    """Sensors speak them in turn."""

    def voice(self, number: int) -> Voice:
        """Return how sensor `number`, counted from 0, speaks."""
        return VOICES[self.dialects[number % len(self.dialects)]]

    def serial(self, number: int) -> str:
        """Return its serial."""
        return self.voice(number).serial(f"SIM-{self.name}-{number:05d}")

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
    serials, voices = fleet.serials, [fleet.voice(sensor) for sensor in range(fleet.sensors)]
    for turn in itertools.count():
        start = fleet.since + turn * fleet.values_per_message * fleet.step
        for sensor in range(fleet.sensors):
            voice, serial = voices[sensor], serials[sensor]
            times = [start + n * fleet.step for n in range(fleet.values_per_message if voice.many else 1)]
            drawn = chance.random()
            fault = next((fault for fault, upto in zip(faults, shares, strict=True) if drawn < upto), None)
            if fault is Fault.CLOCK_SKEW and not voice.dated:
                fault = None  # it has no clock
            if fault is Fault.RESET:
                indexes[sensor] = 0
            watt_hours = range(indexes[sensor], indexes[sensor] + 25 * len(times), 25)
            indexes[sensor] = watt_hours.stop
            said = _said(voice, serial, times, watt_hours, fault or "")
            if fault is Fault.CLOCK_SKEW:
                wrong = _skewed(times, chance, falls_back=voice.falls_back)
                said = _said(voice, serial, wrong, watt_hours, fault)._replace(means=())
            elif fault is Fault.BAD_PAYLOAD:
                said = said._replace(payload=_spoilt(said.payload, chance), means=())
            yield said, fault
            if fault is Fault.CONFLICT:
                other = range(watt_hours.start + 1, watt_hours.stop + 1, 25)
                yield _said(voice, serial, times, other, fault), None


def _said(voice: Voice, serial: str, times: list[dt.datetime], watt_hours: range, fault: str) -> Said:
    topic, payload = voice.say(serial, times, watt_hours)
    return Said(topic, payload, fault, serial, voice.means(times, watt_hours))


def _skewed(times: list[dt.datetime], chance: random.Random, *, falls_back: bool) -> list[dt.datetime]:
    """Return `times` as told by a clock that is far ahead, or that starts anew in 1970."""
    ahead = chance.random() < 0.5 or not falls_back
    wrong = dt.datetime.now(dt.UTC).replace(microsecond=0) + YEAR if ahead else FALLEN_BACK
    return [wrong + (time - times[0]) for time in times]


def _spoilt(payload: bytes, chance: random.Random) -> bytes:
    """Return what a failing sensor or line makes of `payload`."""
    spoilt = (
        b"",
        payload[: len(payload) // 2],
        b"\x00\xff" + payload,
        payload.replace(b'":', b'":NaN,"was":', 1),
        payload.replace(b'"', b"'"),
        b"[" * 5_000,
    )
    return chance.choice(spoilt)
