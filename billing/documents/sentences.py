"""The sentences of an invoice: what was avoided, when, how sure that is, and who gets what."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from foundation.look.language import FRENCH

if TYPE_CHECKING:
    from billing.documents.snapshot import InvoiceSnapshot, PeriodSnapshot
    from billing.documents.waterfall import WaterfallSteps

DECEMBER, LAST_DAY = 12, 31


def period_words(period: PeriodSnapshot) -> str:
    """Return "en 2025" for a calendar year, else "du 1er octobre 2024 au 30 septembre 2025"."""
    first = dt.date.fromisoformat(period["first_day"])
    last = dt.date.fromisoformat(period["last_day"])
    if (first.month, first.day) == (1, 1) and (last.month, last.day) == (DECEMBER, LAST_DAY):
        if first.year == last.year:
            return f"en {first.year}"
    elif first == last:
        return f"le {FRENCH.date(first)}"
    return f"du {FRENCH.date(first)} au {FRENCH.date(last)}"


def headline(snapshot: InvoiceSnapshot) -> str:
    """Return the one sentence on top: period, buildings, energy avoided and its interval, or "(estimation)" without."""
    if snapshot.get("subject") == "buy_out":
        return (
            f"L'accord {snapshot['contract_reference']} a pris fin : vous gardez les capteurs, à la valeur que son"
            " tableau fixe."
        )
    facts = snapshot["headline"]
    period = period_words(snapshot["invoicing_period"])
    avoided = Decimal(facts["avoided_kwh"])
    who = f"vos {facts['buildings']} bâtiments ont" if facts["buildings"] > 1 else "votre bâtiment a"
    did = (
        f"évité {FRENCH.kwh(avoided)}" if avoided >= 0 else f"consommé {FRENCH.kwh(-avoided)} de plus que la référence"
    )
    if facts["uncertainty"]:
        around = FRENCH.percent(Decimal(facts["uncertainty"]))
        how_sure = f"± {around} (confiance {FRENCH.percent(Decimal(facts['confidence']))})"
    else:
        how_sure = "(estimation)"
    sentence = f"{period[0].upper()}{period[1:]}, {who} {did} {how_sure}"
    # A figure stays with its noun at the end of a line.
    equivalent = re.sub(r"(?<=[0-9]) ", "\u00a0", facts["equivalent"])
    return f"{sentence}, soit {equivalent}." if equivalent else f"{sentence}."


def credit_headline(snapshot: InvoiceSnapshot) -> str:
    """Return the one sentence on top of a credit note: what it takes back, of which invoices."""
    named = [
        f"{one['invoice_number']} du {FRENCH.date(dt.date.fromisoformat(one['issue_date']))}"
        for one in snapshot["preceding_invoices"]
    ]
    of = f"la facture {named[0]}" if len(named) == 1 else f"les factures {', '.join(named[:-1])} et {named[-1]}"
    if snapshot["cancellation"]:
        return f"Cet avoir annule {of}, en entier."
    net = FRENCH.euros(Decimal(snapshot["totals"]["net"]))
    return f"Cet avoir vous rend {net} hors taxes sur {of}."


def finding(steps: WaterfallSteps) -> str:
    """Return the title of the waterfall: what was avoided, and what of it the payer keeps."""
    return f"{FRENCH.euros(steps.avoided)} d'énergie évités, dont {FRENCH.euros(steps.kept)} restent à la commune"
