"""Small checks of an invoice before any XML is made; each finding is a sentence a finance officer can act on."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from billing.einvoice.line_rules import line_problems
from billing.einvoice.model import CORRECTED_INVOICE, CREDIT_NOTE, INVOICE
from billing.einvoice.party_rules import party_problems, refused
from billing.einvoice.problem import Problem
from billing.einvoice.totals import totals
from foundation.identifiers import check_iban

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.einvoice.model import Invoice, Period

MANDATORY_NOTES = {
    "PMT": "l'indemnité forfaitaire de recouvrement",
    "PMD": "les intérêts moratoires",
    "AAB": "l'escompte ou son absence",
}
LONGEST_TEXT = 2000
"""No rule of EN 16931 says it: beyond, a page is not readable and its layout takes minutes."""
_NUMBER = re.compile(r"[A-Za-z0-9+\-_/]{1,35}")


def check(invoice: Invoice) -> tuple[Problem, ...]:
    """Return every reason not to send `invoice`; an empty tuple when none is left.

    What its buyer demands besides is the directory's (`contracts.parties.directory`).
    """
    return tuple(problem for rule in _RULES for problem in rule(invoice))


def _texts(invoice: Invoice) -> Iterator[Problem]:
    for path, text in _strings(invoice, "invoice"):
        # XML 1.0 has no place for control characters; a name that holds one was not typed by a person.
        if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in text):
            sentence = f"Le texte « {text!r} » contient un caractère de contrôle ; ressaisissez-le."
            yield Problem("XML-1.0", sentence, path)
        if len(text) > LONGEST_TEXT:
            sentence = (
                f"Le texte « {text[:40]}… » compte {len(text)} caractères ; raccourcissez-le ({LONGEST_TEXT} au plus)."
            )
            yield Problem("LONGUEUR", sentence, path)


def _strings(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple):
        for place, item in enumerate(value, start=1):
            yield from _strings(item, f"{path}[{place}]")
    elif is_dataclass(value):
        for field in fields(value):
            yield from _strings(getattr(value, field.name), f"{path}.{field.name}")


def _numbering(invoice: Invoice) -> Iterator[Problem]:
    if not _NUMBER.fullmatch(invoice.invoice_number):
        sentence = (
            f"Le numéro « {invoice.invoice_number} » doit compter 1 à 35 lettres sans accent, chiffres"
            " ou signes + - _ /, sans espace ; changez le préfixe de la série."
        )
        yield Problem("BR-FR-02", sentence, "BT-1")
    if invoice.type_code not in (INVOICE, CREDIT_NOTE, CORRECTED_INVOICE):
        sentence = (
            f"Le type de document {invoice.type_code} n'est pas géré ;"
            " choisissez 380 (facture), 381 (avoir) ou 384 (rectificative)."
        )
        yield Problem("BR-FR-04", sentence, "BT-3")
    if invoice.type_code != INVOICE and not invoice.preceding_invoices:
        rule = "BR-FR-CO-05" if invoice.type_code == CREDIT_NOTE else "BR-FR-CO-04"
        sentence = "Un avoir ou une facture rectificative nomme la facture d'origine et sa date ; indiquez-les."
        yield Problem(rule, sentence, "BG-3")


def _dates(invoice: Invoice) -> Iterator[Problem]:
    if invoice.due_date < invoice.issue_date:
        sentence = (
            f"L'échéance du {invoice.due_date:%d/%m/%Y} précède la facture du {invoice.issue_date:%d/%m/%Y} ;"
            " corrigez le délai de paiement."
        )
        yield Problem("BR-FR-CO-07", sentence, "BT-9")
    yield from _period(invoice.invoicing_period, "BR-29", "BG-14")
    for line in invoice.lines:
        yield from _period(line.invoicing_period, "BR-30", f"BG-26, ligne {line.identifier}")


def _period(period: Period | None, rule: str, location: str) -> Iterator[Problem]:
    if period is not None and period.last_day < period.first_day:
        sentence = (
            f"La période finit le {period.last_day:%d/%m/%Y}, avant de commencer"
            f" le {period.first_day:%d/%m/%Y} ; corrigez ses dates."
        )
        yield Problem(rule, sentence, location)


def _notes(invoice: Invoice) -> Iterator[Problem]:
    codes = [note.subject_code for note in invoice.notes]
    for code, about in MANDATORY_NOTES.items():
        if code not in codes:
            sentence = f"La mention sur {about} (code {code}) manque ; ajoutez-la aux mentions de la SPL."
            yield Problem("BR-FR-05", sentence, "BT-22")
        elif codes.count(code) > 1:
            sentence = f"La mention sur {about} (code {code}) figure plusieurs fois ; gardez-en une."
            yield Problem("BR-FR-06", sentence, "BT-21")


def _lines(invoice: Invoice) -> Iterator[Problem]:
    if not invoice.lines:
        yield Problem("BR-16", "La facture n'a pas de ligne ; il n'y a rien à facturer.", "BG-25")
    for line in invoice.lines:
        yield from line_problems(line)


def _amounts(invoice: Invoice) -> Iterator[Problem]:
    gross = totals(invoice).gross
    if gross < 0:
        sentence = f"Le total de {gross} € est négatif ; émettez un avoir qui nomme la facture d'origine."
        yield Problem("BR-FR-DEC-03", sentence, "BT-112")


def _payment(invoice: Invoice) -> Iterator[Problem]:
    if invoice.credit_transfer is not None:
        yield from refused("BR-50", "BT-84", check_iban, invoice.credit_transfer.iban)
    elif invoice.type_code != CREDIT_NOTE:
        yield Problem("BR-61", "L'IBAN sur lequel payer manque ; complétez les réglages de la SPL.", "BT-84")


_RULES = (_texts, _numbering, _dates, _notes, party_problems, _lines, _amounts, _payment)
