"""The sentences of an invoice: what was avoided, when, how sure that is, and who gets what."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from foundation.look.language import FRENCH

if TYPE_CHECKING:
    from billing.documents.snapshot import InvoiceSnapshot, PeriodSnapshot, WaterfallSnapshot

DECEMBER, LAST_DAY = 12, 31


def period_words(period: PeriodSnapshot) -> str:
    """Return "en 2025" for a calendar year, else "du 1er octobre 2024 au 30 septembre 2025"."""
    first = dt.date.fromisoformat(period["first_day"])
    last = dt.date.fromisoformat(period["last_day"])
    if (first.month, first.day) == (1, 1) and (last.month, last.day) == (DECEMBER, LAST_DAY):
        if first.year == last.year:
            return f"en {first.year}"
    elif first == last:
        return f"le {_day(first)}"
    return f"du {_day(first)} au {_day(last)}"


def headline(snapshot: InvoiceSnapshot) -> str:
    """Return the one sentence on top: period, buildings, energy avoided and its interval, or "(estimation)" without."""
    facts = snapshot["headline"]
    period = period_words(snapshot["invoicing_period"])
    many = facts["buildings"] > 1
    who = f"vos {facts['buildings']} bâtiments ont évité" if many else "votre bâtiment a évité"
    energy = FRENCH.kwh(Decimal(facts["avoided_kwh"]))
    if facts["uncertainty"]:
        around = FRENCH.percent(Decimal(facts["uncertainty"]))
        how_sure = f"± {around} (confiance {FRENCH.percent(Decimal(facts['confidence']))})"
    else:
        how_sure = "(estimation)"
    sentence = f"{period[0].upper()}{period[1:]}, {who} {energy} {how_sure}"
    # A figure stays with its noun at the end of a line.
    equivalent = re.sub(r"(?<=[0-9]) ", "\u00a0", facts["equivalent"])
    return f"{sentence}, soit {equivalent}." if equivalent else f"{sentence}."


def finding(facts: WaterfallSnapshot | None) -> str:
    """Return the title of the waterfall: what was avoided, and what of it the payer keeps; empty without one."""
    if facts is None:
        return ""
    avoided = Decimal(facts["without_works"]) - Decimal(facts["measured"])
    kept = avoided - Decimal(facts["provider_share"])
    return f"{FRENCH.euros(avoided)} d'énergie évités, dont {FRENCH.euros(kept)} restent à la commune"


def _day(day: dt.date) -> str:
    written = FRENCH.date(day)
    # French counts the first of a month, and only it, as an ordinal.
    return "1er" + written.removeprefix("1") if day.day == 1 else written
