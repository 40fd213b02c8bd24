"""Before any XML: each mistake is named by its rule, in a sentence."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from billing.einvoice.model import CREDIT_NOTE, CreditTransfer, ElectronicAddress, Note, Period, PrecedingInvoice
from billing.einvoice.rules import check
from tests.billing.einvoice_example import BUYER, LINES, NOTES, SELLER, example_invoice


def changed(record: Any, **changes: Any) -> Any:
    return dataclasses.replace(record, **changes)


def test_the_example_is_ready() -> None:
    assert check(example_invoice()) == ()


MISTAKES = {
    "BR-FR-02": {"invoice_number": "F 2026/é"},
    "BR-FR-04": {"type_code": "326", "preceding_invoices": (PrecedingInvoice("F1", dt.date(2025, 1, 1)),)},
    "BR-FR-CO-05": {"type_code": CREDIT_NOTE},
    "BR-FR-CO-04": {"type_code": "384"},
    "BR-FR-CO-07": {"due_date": dt.date(2026, 1, 14)},
    "BR-29": {"invoicing_period": Period(dt.date(2025, 2, 1), dt.date(2025, 1, 31))},
    "BR-30": {"lines": (changed(LINES[0], invoicing_period=Period(dt.date(2025, 2, 1), dt.date(2025, 1, 1))),)},
    "BR-FR-05": {"notes": NOTES[1:]},
    "BR-FR-06": {"notes": (*NOTES, Note("PMD", "encore"))},
    "BR-06": {"seller": changed(SELLER, name=" ")},
    "BR-07": {"buyer": changed(BUYER, name="")},
    "BR-FR-10": {"seller": changed(SELLER, siren="844123456")},
    "BR-FR-32": {"buyer": changed(BUYER, siren="21560121")},
    "BR-FR-09": {"buyer": changed(BUYER, siret="84412345500017")},
    "BR-S-02": {"seller": changed(SELLER, vat_number="FR00844123455")},
    "BR-08": {"seller": changed(SELLER, address=changed(SELLER.address, city=""))},
    "BR-10": {"buyer": changed(BUYER, address=changed(BUYER.address, postcode=""))},
    "BR-FR-13": {"seller": changed(SELLER, electronic_address=ElectronicAddress(value=""))},
    "BR-FR-12": {"buyer": changed(BUYER, electronic_address=ElectronicAddress(value=""))},
    "BR-FR-23": {"buyer": changed(BUYER, electronic_address=ElectronicAddress(value="a b"))},
    "BR-16": {"lines": ()},
    "BR-25": {"lines": (changed(LINES[0], name=""),)},
    "BR-FR-DEC-03": {"lines": (changed(LINES[0], unit_price=Decimal(0)),)},
    "BR-FR-DEC-02": {"lines": (changed(LINES[0], quantity=Decimal("1.00001")),)},
    "BR-23": {"lines": (changed(LINES[0], unit_code="kWh"),)},
    "BR-S-05": {"lines": (changed(LINES[0], vat_rate=Decimal(0)),)},
    "BR-FR-15": {"lines": (changed(LINES[0], vat_category="L"),)},
    "BR-E-10": {"lines": (changed(LINES[0], vat_category="E", vat_rate=Decimal(0)),)},
    "BR-61": {"credit_transfer": None},
    "BR-50": {"credit_transfer": CreditTransfer(iban="FR7630006000011234567890188")},
    "LONGUEUR": {"buyer": changed(BUYER, name="K" * 2001)},
    "XML-1.0": {"buyer": changed(BUYER, name="Kerlann\x00")},
}


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_mistake_is_named_by_its_rule(rule: str) -> None:
    problems = check(example_invoice(**MISTAKES[rule]))
    assert problems[0].rule == rule
    assert problems[0].sentence.endswith(".")
    assert problems[0].location


def test_a_negative_total_asks_for_a_credit_note() -> None:
    (problem,) = check(example_invoice(lines=LINES[1:]))
    assert problem.rule == "BR-FR-DEC-03"
    assert "avoir" in problem.sentence


def test_a_price_finer_than_six_decimals_is_refused_but_trailing_zeros_are_not_decimals() -> None:
    finer = (changed(LINES[0], unit_price=Decimal("0.0922601")),)
    padded = (changed(LINES[0], unit_price=Decimal("0.092260000")),)
    assert [problem.rule for problem in check(example_invoice(lines=finer))] == ["BR-FR-DEC-03"]
    assert check(example_invoice(lines=padded)) == ()


def test_every_mistake_is_found_at_once() -> None:
    problems = check(example_invoice(notes=(), invoice_number="", credit_transfer=None))
    assert {"BR-FR-02", "BR-FR-05", "BR-61"} <= {problem.rule for problem in problems}
