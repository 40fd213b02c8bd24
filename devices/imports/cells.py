"""What one cell says, read one way only; what two readers could take for two things is refused."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Final, NamedTuple

FIRST_YEAR, LAST_YEAR = 1990, 2199
"""Readings have no place before 1990 (migration 0001); a year of two digits is a mistake."""
SHOWN = 40
"""Signs of a cell quoted in a sentence."""

_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})
_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,12})?")
_DATES: Final = {
    "iso": re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:[T ](?P<time>.+))?", re.ASCII),
    "day_first": re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})(?:[T ]+(?P<time>.+))?", re.ASCII),
    "compact": re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:[T ]?(?P<time>\d{4,6}))?", re.ASCII),
}
_TIME = re.compile(
    r"(?P<h>\d{1,2})[:hH]?(?P<min>\d\d)(?::?(?P<s>\d\d)(?:\.0+)?)?(?P<offset>Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_YES = {"oui", "o", "1", "vrai", "true", "x", "e", "estime", "estimee", "yes", "y"}
_NO = {"non", "n", "0", "faux", "false", "", "r", "reel", "reelle", "releve", "relevee", "mesure", "mesuree", "no"}


class Unclear(ValueError):  # noqa: N818 - an answer about a cell, not a failure of the program
    """A cell that does not say what its column is for; `str()` is the sentence."""


class Stamp(NamedTuple):
    """A date as written: a wall clock time, its offset where one is written, and whether a time was written at all."""

    wall: dt.datetime
    offset: dt.timedelta | None
    has_time: bool


def clean(cell: str) -> str:
    """Return `cell` in canonical form (NFC), trimmed, with ordinary spaces."""
    return unicodedata.normalize("NFC", cell).translate(_SPACES).strip()


def quoted(cell: str) -> str:
    """Return `cell` as a sentence can show it: short, printable, between French quotes."""
    text = "".join(sign if sign.isprintable() else "�" for sign in cell)
    return f"« {text[:SHOWN]}{'…' if len(text) > SHOWN else ''} »"


def number(cell: str, *, decimal: str, thousands: str) -> Decimal:
    """Return the number in `cell`; ValueError (a sentence) for anything else, "=1+1", "1e3" and "NaN" included."""
    text = clean(cell)
    if text[:1] in {"=", "@"}:
        raise Unclear(f"{quoted(text)} est une formule ; remplacez-la par sa valeur")
    whole, point, part = text.partition(decimal)
    if thousands and thousands in whole:
        first, *groups = whole.split(thousands)
        if not 1 <= len(first.lstrip("+-")) <= 3 or any(len(group) != 3 for group in groups):
            raise Unclear(f"{quoted(text)} n'est pas un nombre : les milliers vont par trois chiffres")
        whole = first + "".join(groups)
    plain = f"{whole}.{part}" if point else whole
    if ("." in whole) or not _PLAIN.fullmatch(plain):
        sign = "la virgule" if decimal == "," else "le point"
        raise Unclear(f"{quoted(text)} n'est pas un nombre ; le profil attend {sign} comme signe décimal")
    return Decimal(plain)


def stamp(cell: str, dates: str) -> Stamp:
    """Return the date in `cell`, written as `dates` says; ValueError (a sentence) for another, or one that is none."""
    text = clean(cell)
    found = _DATES[dates].fullmatch(text)
    time = _TIME.fullmatch(found["time"]) if found and found["time"] else None
    if not found or (found["time"] and not time):
        raise Unclear(f"{quoted(text)} n'est pas une date écrite comme le profil le dit")
    try:
        wall = dt.datetime(int(found["y"]), int(found["m"]), int(found["d"]))  # noqa: DTZ001 - a wall clock has no zone
        if time:
            # Networks write the end of a day as its 24th hour.
            at_end = time["h"] == "24" and time["min"] == "00"
            wall += dt.timedelta(days=1) if at_end else _time_of(time)
    except (ValueError, OverflowError):
        raise Unclear(f"{quoted(text)} n'existe pas au calendrier ou à l'horloge") from None
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise Unclear(f"{quoted(text)} est hors des années {FIRST_YEAR} à {LAST_YEAR} ; vérifiez l'année")
    return Stamp(wall, _offset_of(time["offset"]) if time and time["offset"] else None, time is not None)


def _time_of(time: re.Match[str]) -> dt.timedelta:
    written = dt.time(int(time["h"]), int(time["min"]), int(time["s"] or 0))
    return dt.timedelta(hours=written.hour, minutes=written.minute, seconds=written.second)


def _offset_of(written: str) -> dt.timedelta:
    if written == "Z":
        return dt.timedelta()
    offset = dt.timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return -offset if written[0] == "-" else offset


def day(cell: str, dates: str) -> dt.date:
    """Return the day in `cell`; a time is taken only where it is midnight."""
    written = stamp(cell, dates)
    if written.wall.time() != dt.time():
        raise Unclear(f"{quoted(clean(cell))} porte une heure ; il faut un jour")
    return written.wall.date()


def flag(cell: str) -> bool:
    """Return what a cell "estimated" says; empty is no."""
    text = unicodedata.normalize("NFKD", clean(cell)).encode("ascii", "ignore").decode().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise Unclear(f"{quoted(clean(cell))} ne dit ni oui ni non ; écrivez « oui » (estimé) ou « non » (relevé)")
