"""The kinds of alerts: what each is called, how long calm must last before it closes, how soon it may come back."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Final, NamedTuple

from foundation.messages import N_

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class Severity(StrEnum):
    """How bad, from least to worst; the worst is written about at once."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Kind(StrEnum):
    """What can be wrong."""

    SILENCE = "silence"
    BATTERY = "battery"
    RADIO = "radio"
    CLOCK = "clock"
    UNKNOWN_SERIAL = "unknown_serial"
    IMPLAUSIBLE = "implausible"
    GAP = "gap"
    CONFLICT = "conflict"
    COLLECTION = "collection"
    SOURCE_FILES = "source_files"
    """A file of a network operator that is lost, closed to every key, or cannot be read."""
    OFF_PLAN = "off_plan"
    """A building that uses more than its measurement plan foretells; the floor that has plans looks for it."""


class Rule(NamedTuple):
    """How an alert of a kind behaves."""

    word: str
    calm: dt.timedelta
    """How long all must be well before it closes: what flaps meanwhile stays one alert."""
    cool_down: dt.timedelta
    """An alert that comes back sooner after its end is the same one, reopened."""


RULES: Final = {
    Kind.SILENCE: Rule(N_("silence"), HOUR, DAY),
    Kind.BATTERY: Rule(N_("pile"), DAY, 30 * DAY),
    Kind.RADIO: Rule(N_("radio"), DAY, 7 * DAY),
    Kind.CLOCK: Rule(N_("horloge"), 6 * HOUR, 7 * DAY),
    Kind.UNKNOWN_SERIAL: Rule(N_("numéro inconnu"), DAY, 7 * DAY),
    Kind.IMPLAUSIBLE: Rule(N_("valeur impossible"), 6 * HOUR, 7 * DAY),
    Kind.GAP: Rule(N_("trou dans les relevés"), HOUR, 7 * DAY),
    Kind.CONFLICT: Rule(N_("relevés contradictoires"), HOUR, 7 * DAY),
    Kind.COLLECTION: Rule(N_("collecte arrêtée"), dt.timedelta(minutes=5), HOUR),
    Kind.SOURCE_FILES: Rule(N_("fichiers du réseau"), HOUR, 7 * DAY),
    # Judged month by month: two months in a row are one alert.
    Kind.OFF_PLAN: Rule(N_("hors du plan de mesure"), HOUR, 62 * DAY),
}

SEVERITIES: Final = {
    Severity.INFO: (N_("pour information"), "plain"),
    Severity.WARNING: (N_("à regarder"), "warn"),
    Severity.CRITICAL: (N_("urgent"), "bad"),
}
"""Each severity with its word and its tone."""
