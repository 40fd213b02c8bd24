"""Numbers, units, dates and sentences as a language writes them: the same for pages, charts and documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_percent

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from decimal import Decimal

NARROW = "\u202f"
"""Narrow no-break space: between a number and its unit, and between thousands."""
MINUS = "\u2212"


_SEPARATORS = {
    "fr": str.maketrans({",": NARROW, ".": ",", "-": MINUS}),
    "en": str.maketrans({"-": MINUS}),
}
_ZERO = f"0.,{MINUS}"


def _as_written(message: str) -> str:
    return message


def _plural_as_written(singular: str, plural: str, number: float) -> str:
    # French: 0 and 1 are singular (CLDR, cardinal rules of fr).
    return singular if abs(number) < 2 else plural


@dataclass(frozen=True)
class Language:
    """A language to write in: its code, and how it translates the French sentences of the code."""

    code: str
    translate: Callable[[str], str] = _as_written
    translate_plural: Callable[[str, str, float], str] = _plural_as_written

    @cached_property
    def locale(self) -> Locale:
        """Return how figures and dates are written; English as Europe writes it (day before month)."""
        return Locale.parse({"fr": "fr_FR", "en": "en_GB"}[self.code])

    def number(self, value: float | Decimal, digits: int = 0) -> str:
        """Return `value` with exactly `digits` decimals: 1 234,5 or 1,234.5; a true minus sign; never "-0"."""
        # Not Babel's: a page has thousands of them, and this is fifty times faster. Halves go to even as there.
        written = f"{value:,.{digits}f}".translate(_SEPARATORS[self.code])
        return written.removeprefix(MINUS) if written.strip(_ZERO) == "" else written

    def quantity(self, value: float | Decimal, unit: str, digits: int = 0) -> str:
        """Return `value` and its unit, kept on one line."""
        return f"{self.number(value, digits)}{NARROW}{unit}"

    def kwh(self, value: float | Decimal) -> str:
        """Return energy in whole kilowatt-hours."""
        return self.quantity(value, "kWh")

    def euros(self, value: float | Decimal) -> str:
        """Return an amount to the cent: 1 234,56 €."""
        return str(format_currency(value, "EUR", locale=self.locale)).replace("-", MINUS)

    def percent(self, fraction: float | Decimal, digits: int = 0) -> str:
        """Return a fraction (0.125) as a percentage (12,5 %)."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + {"fr": NARROW, "en": ""}[self.code] + "%"
        return str(format_percent(fraction, format=pattern, locale=self.locale)).replace("-", MINUS)

    def date(self, day: dt.date) -> str:
        """Return a day in full: 3 février 2026, 1er mars 2026."""
        written = str(format_date(day, "long", locale=self.locale))
        return "1er" + written.removeprefix("1") if self.code == "fr" and day.day == 1 else written

    def short_date(self, day: dt.date) -> str:
        """Return a day for a table: 03/02/2026."""
        return f"{day:%d/%m/%Y}"

    def month(self, day: dt.date) -> str:
        """Return the month of a day: février 2026."""
        return str(format_date(day, "MMMM yyyy", locale=self.locale))

    def moment(self, instant: dt.datetime, zone: dt.tzinfo) -> str:
        """Return an instant as the clock on the wall in `zone` shows it: 03/02/2026 14:05."""
        return str(format_datetime(instant.astimezone(zone), "dd/MM/yyyy HH:mm", locale=self.locale))

    def duration(self, length: dt.timedelta) -> str:
        """Return a length of time in its largest unit: 3 heures."""
        return str(format_timedelta(length, locale=self.locale, threshold=0.95))


FRENCH = Language("fr")
"""What documents are written in, and pages unless asked otherwise."""
_LANGUAGES = {FRENCH.code: FRENCH}


def learn(language: Language) -> None:
    """Let documents be written in `language`; the roof keeps the catalogues."""
    _LANGUAGES[language.code] = language


def language_of(code: str) -> Language:
    """Return a language by its code; French where nobody taught it."""
    return _LANGUAGES.get(code, FRENCH)
