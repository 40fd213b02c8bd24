"""The controls an invoice passes before it is ready, and again before it leaves."""

from __future__ import annotations

from functools import cache

from lxml import etree

from billing.einvoice.problem import Problem
from billing.einvoice_check.artefacts import BR_FR, EN_16931, XSD
from billing.einvoice_check.cents import inexact
from billing.einvoice_check.schematron import findings


def validate(xml: bytes) -> tuple[Problem, ...]:
    """Return what XSD, EN 16931, BR-FR and exact cents find wrong with a CII invoice; an empty tuple means ready.

    The XML may come from outside: entities, DTD, network and huge trees are refused before anything else reads it.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        document = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        return (_unreadable(f"n'est pas du XML lisible ({error.msg})", error.lineno),)
    if document.getroottree().docinfo.doctype:
        return (_unreadable("déclare un DOCTYPE, ce qu'une facture ne fait jamais", 1),)
    text = etree.tostring(document, encoding="unicode")
    syntax = _syntax(document)
    cents = () if syntax else tuple(inexact(document))
    return syntax + findings(text, EN_16931) + findings(text, BR_FR) + cents


def _unreadable(why: str, line: int | None) -> Problem:
    return Problem("XML-1.0", f"Le fichier {why} ; refaites l'export.", f"ligne {line}")


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(XSD))


def _syntax(document: etree._Element) -> tuple[Problem, ...]:
    schema = _schema()
    if schema.validate(document):
        return ()
    return tuple(
        Problem("XSD", f"La syntaxe de la facture est fausse : {error.message}", f"ligne {error.line}")
        for error in schema.error_log
    )
