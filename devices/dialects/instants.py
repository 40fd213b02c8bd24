"""Instants as devices write them: with an offset, as a number since 1970, or in local time without an offset."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from devices.dialects.measurement import Stamp, Unreadable

if TYPE_CHECKING:
    from devices.dialects.measurement import Said

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
EARLIEST: Final = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
AHEAD: Final = dt.timedelta(minutes=5)
"""How far a device's clock may be ahead of ours."""
HALF_AN_HOUR: Final = dt.timedelta(minutes=30)
MILLISECONDS_FROM: Final = 10**11
"""Seconds since 1970 reach it in the year 5138; a larger number counts milliseconds."""

# RFC 3339 § 5.6; network servers write nanoseconds, Python keeps microseconds.
WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def possible(time: dt.datetime, said: Said) -> dt.datetime:
    """Return `time` in UTC if it is between 1990 and the reception of `said`; refuse it otherwise."""
    time = time.astimezone(dt.UTC)
    if time > said.received_at + AHEAD:
        raise Unreadable(
            "in_the_future",
            f"Le message est daté du {time:%d/%m/%Y %H:%M} UTC, dans le futur ; réglez l'horloge du capteur ou de la"
            " passerelle, puis publiez-le de nouveau.",
        )
    if time < EARLIEST:
        raise Unreadable(
            "too_old",
            f"Le message est daté du {time:%d/%m/%Y}, avant 1990 ; réglez l'horloge du capteur ou de la passerelle.",
        )
    return time


def stamped(written: Any, said: Said, by: Stamp = Stamp.DEVICE) -> tuple[dt.datetime, Stamp]:
    """Return the instant `written` says and who said it; the reception where it says none we can place.

    A local time without an offset needs `said.zone`. An unknown one (None, "") is the reception.
    """
    if written is None or written == "":
        return said.received_at, Stamp.RECEIVED
    if isinstance(written, Decimal):
        return possible(since_1970(written), said), by
    if not isinstance(written, str) or not WRITTEN.fullmatch(written):
        raise Unreadable(
            "bad_time",
            f"L'heure « {str(written)[:40]} » ne peut pas être lue ; écrivez-la avec son fuseau, comme"
            " 2026-03-01T11:00:00Z.",
        )
    try:
        time = dt.datetime.fromisoformat(written)
        if time.tzinfo is None:
            return (_local(time, said, said.zone), by) if said.zone else (said.received_at, Stamp.RECEIVED)
        return possible(time, said), by
    except (ValueError, OverflowError):
        raise Unreadable(
            "bad_time", f"L'heure « {written[:40]} » n'existe pas ; réglez l'horloge du capteur ou de la passerelle."
        ) from None


def since_1970(number: Decimal) -> dt.datetime:
    """Return the instant of a number of seconds or, beyond 10^11, of milliseconds since 1970; kept to microseconds."""
    seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
    try:
        return EPOCH + dt.timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        raise Unreadable(
            "bad_time", f"L'heure {number} n'est pas un nombre de secondes depuis 1970 ; réglez l'horloge du capteur."
        ) from None


def looks_like_instant(value: Any) -> bool:
    """Say whether a value found in a decoded payload is an instant and not an uptime or a time of day."""
    if isinstance(value, Decimal):
        in_seconds = EARLIEST.timestamp() <= value < MILLISECONDS_FROM
        in_milliseconds = EARLIEST.timestamp() * 1000 <= value < MILLISECONDS_FROM * 1000
        return value == value.to_integral_value() and (in_seconds or in_milliseconds)
    return isinstance(value, str) and WRITTEN.fullmatch(value) is not None


def _local(time: dt.datetime, said: Said, zone: dt.tzinfo) -> dt.datetime:
    """Return the instant of a local time; in the hour that comes twice, the one next to the reception."""
    readings = {time.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    real = [instant for instant in readings if instant.astimezone(zone).replace(tzinfo=None) == time]
    if not real:
        raise Unreadable(
            "bad_time",
            f"L'heure locale {time:%d/%m/%Y %H:%M} n'existe pas (passage à l'heure d'été) ; réglez l'horloge.",
        )
    nearest = min(real, key=lambda instant: abs(said.received_at - instant))
    if len(real) > 1 and abs(said.received_at - nearest) > HALF_AN_HOUR:
        raise Unreadable(
            "ambiguous_time",
            f"L'heure locale {time:%d/%m/%Y %H:%M} existe deux fois (passage à l'heure d'hiver) et le message est"
            " arrivé trop tard pour dire laquelle ; faites publier l'heure UTC.",
        )
    return possible(nearest, said)
