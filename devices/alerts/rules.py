"""When something is wrong, when it is well again, and the band between in which nothing changes (hysteresis)."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Final, NamedTuple

from devices.alerts.kinds import Severity
from devices.dialects.lorawan import REQUIRED_SNR

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)

SILENT_AFTER: Final = 3
HEARD_WITHIN: Final = 1.5
"""Times the expected interval: a device that gives every second reading is neither silent nor well."""
FIRST_NEWS: Final = 13 * HOUR
"""A LoRaWAN device may try to join every 12 h only (Adeunis manual): younger than this it is not yet silent."""
LONG_SILENCE: Final = 3 * DAY

BATTERY_LOW: Final = (90 * DAY, 10.0)
BATTERY_FINE: Final = (120 * DAY, 15.0)
"""Time left and level (%): a round of replacements is planned a quarter ahead."""
BATTERY_URGENT: Final = (14 * DAY, 5.0)
TREND_DAYS: Final = 14
TREND_VALUES: Final = 5
"""A trend needs two weeks and five daily values; before, only the level speaks."""
VOLTAGE: Final = 5.0
"""A level that was never above is a voltage, of which only its model says when the battery is empty."""

MARGIN_LOW: Final = 5.0
MARGIN_FINE: Final = 8.0
"""dB above what demodulation needs; ADR itself aims at 10 (LoRaWAN network servers, installation margin)."""
RSSI_LOW: Final = -120.0
RSSI_FINE: Final = -117.0
"""dBm, where nothing says the margin."""

AHEAD: Final = MINUTE
BEHIND: Final = 15 * MINUTE
GAP_STAYS_AFTER: Final = 3
"""Local days a gap is given to be filled by what the device kept."""


class Level(Enum):
    """What a check says of a subject now."""

    GOOD = "good"
    BETWEEN = "between"
    """Neither wrong enough to open an alert nor well enough to close one."""
    BAD = "bad"


class Judgement(NamedTuple):
    """A level, and how bad it is where it is BAD."""

    level: Level
    severity: Severity = Severity.WARNING


GOOD: Final = Judgement(Level.GOOD)
BETWEEN: Final = Judgement(Level.BETWEEN)
BAD: Final = Judgement(Level.BAD)


def silence(since: dt.timedelta, expected_every: dt.timedelta, *, ever_heard: bool) -> Judgement:
    """Judge `since`: the time since the last reading or, where none ever came, since the installation."""
    patience = SILENT_AFTER * expected_every if ever_heard else max(SILENT_AFTER * expected_every, FIRST_NEWS)
    if since > patience:
        long = since > max(LONG_SILENCE, patience)
        return Judgement(Level.BAD, Severity.CRITICAL if long else Severity.WARNING)
    return GOOD if ever_heard and since <= HEARD_WITHIN * expected_every else BETWEEN


class Trend(NamedTuple):
    """Daily levels of a battery since it was last replaced, and the line through them (least squares)."""

    last: float
    highest: float
    slope_a_day: float | None
    values: int
    days: int

    @property
    def time_left(self) -> dt.timedelta | None:
        """Return how long until the line reaches zero, None where it does not fall or is too short to be one."""
        if self.values < TREND_VALUES or self.days < TREND_DAYS or self.slope_a_day is None or self.slope_a_day >= 0:
            return None
        return dt.timedelta(days=min(36500.0, max(0.0, self.last) / -self.slope_a_day))


def battery(trend: Trend) -> Judgement | None:
    """Judge a battery by its level and its time left; None for a voltage."""
    if trend.highest <= VOLTAGE:
        return None

    def below(limits: tuple[dt.timedelta, float]) -> bool:
        time, level = limits
        return trend.last <= level or (trend.time_left is not None and trend.time_left < time)

    if below(BATTERY_LOW):
        return Judgement(Level.BAD, Severity.CRITICAL if below(BATTERY_URGENT) else Severity.WARNING)
    return BETWEEN if below(BATTERY_FINE) else GOOD


def best_margin(snr: float) -> float:
    """Return the margin (dB) a frame of unknown spreading factor had at best: that of the most robust one."""
    return snr - float(REQUIRED_SNR[12])


def radio(margin: float | None, rssi: float | None) -> Judgement | None:
    """Judge the radio of a device by its margin (dB) and its strength (dBm); None where neither is known."""
    judged = [
        BAD if value < low else GOOD if value >= fine else BETWEEN
        for value, low, fine in ((margin, MARGIN_LOW, MARGIN_FINE), (rssi, RSSI_LOW, RSSI_FINE))
        if value is not None
    ]
    return next((one for one in (BAD, BETWEEN, GOOD) if one in judged), None)


def clock(lag: dt.timedelta, expected_every: dt.timedelta) -> Judgement:
    """Judge a clock by the shortest lag (reception - stamp) of its last readings.

    Late readings are usual, all of them late are not; none can be stamped after it was received.
    """
    behind = max(BEHIND, expected_every)
    if lag < -AHEAD or lag > behind:
        return BAD
    return GOOD if -AHEAD / 2 <= lag <= behind / 2 else BETWEEN
