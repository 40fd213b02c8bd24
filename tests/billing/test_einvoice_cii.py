"""What is written passes XSD, EN 16931 and BR-FR; whatever is broken in it is named by the rule it breaks."""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from billing.einvoice.cii import to_cii
from billing.einvoice.model import CREDIT_NOTE, Line, PrecedingInvoice
from billing.einvoice.rules import check
from billing.einvoice.totals import totals
from billing.einvoice_check.validate import validate
from tests.billing.einvoice_example import BUYER, LINES, example_invoice

NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
}
XML = to_cii(example_invoice())


def text_of(xml: bytes, path: str) -> str:
    found: str = etree.fromstring(xml).xpath(f"string({path})", namespaces=NAMES)
    return found


def test_the_example_passes_all_controls() -> None:
    assert validate(XML) == ()


def test_terms_stand_where_chorus_pro_and_the_accountant_look_for_them() -> None:
    assert text_of(XML, "//rsm:ExchangedDocument/ram:ID") == "F2026-00042"
    assert text_of(XML, "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID") == "urn:cen.eu:en16931:2017"
    assert text_of(XML, "//ram:BuyerReference") == "ENERGIE"
    assert text_of(XML, "//ram:ApplicableHeaderTradeAgreement/ram:BuyerOrderReferencedDocument/*") == "EJ-2026-0117"
    assert text_of(XML, "//ram:ContractReferencedDocument/ram:IssuerAssignedID") == "CONV-2024-07"
    assert text_of(XML, "//ram:BuyerTradeParty/ram:GlobalID[@schemeID='0009']") == "21560121200016"
    assert text_of(XML, "//ram:SellerTradeParty//ram:URIID[@schemeID='0225']") == "844123455"
    assert text_of(XML, "//ram:GrandTotalAmount") == "12960.05"
    assert (
        text_of(XML, "//ram:ApplicableHeaderTradeSettlement/ram:BillingSpecifiedPeriod/ram:EndDateTime/*") == "20251231"
    )
    assert text_of(XML, "//ram:DueDateTypeCode") == "72"


def test_the_same_invoice_gives_the_same_bytes() -> None:
    assert to_cii(example_invoice()) == XML


def test_a_credit_note_names_its_invoice_and_passes() -> None:
    xml = to_cii(
        example_invoice(
            type_code=CREDIT_NOTE,
            invoice_number="A2026-00001",
            credit_transfer=None,
            preceding_invoices=(PrecedingInvoice("F2025-00007", dt.date(2025, 1, 20)),),
        )
    )
    assert validate(xml) == ()
    assert text_of(xml, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == "F2025-00007"


def test_a_line_without_vat_and_a_partial_payment_pass() -> None:
    exempt = Line(
        identifier="3",
        name="Indemnité de résiliation",
        quantity=Decimal(1),
        unit_code="C62",
        unit_price=Decimal("500.00"),
        vat_category="E",
        vat_rate=Decimal(0),
        exemption_reason="Indemnité sans contrepartie, hors du champ de la TVA",
    )
    invoice = example_invoice(lines=(*LINES, exempt), paid_amount=Decimal("100.00"))
    assert validate(to_cii(invoice)) == ()
    outside = replace(exempt, vat_category="O")
    assert validate(to_cii(example_invoice(lines=(outside,)))) != ()  # BR-O-02: no VAT number beside category O


def test_hostile_names_are_text() -> None:
    name = "<script>alert(1)</script> ]]> & {{7*7}} ${7*7} 😀 \u202eabc مدرسة"
    xml = to_cii(example_invoice(buyer=replace(BUYER, name=name)))
    assert validate(xml) == ()
    assert text_of(xml, "//ram:BuyerTradeParty/ram:Name") == name


BROKEN = {
    "BR-CO-15": (b"<ram:GrandTotalAmount>12960.05", b"<ram:GrandTotalAmount>12960.06"),
    "BR-CO-16": (b"<ram:DuePayableAmount>12960.05", b"<ram:DuePayableAmount>12960.04"),
    "BR-CO-10": (b"<ram:LineTotalAmount>10914.37", b"<ram:LineTotalAmount>10914.38"),
    "BR-CO-14": (b">2160.01</ram:TaxTotalAmount>", b">2160.02</ram:TaxTotalAmount>"),
    "BR-S-08": (b"<ram:BasisAmount>10800.04", b"<ram:BasisAmount>10800.05"),
    "BR-27": (b"<ram:ChargeAmount>0.09226", b"<ram:ChargeAmount>-0.09226"),
    "BR-FR-DEC-03": (b"<ram:ChargeAmount>114.33", b"<ram:ChargeAmount>-114.33"),
    "BR-FR-DEC-02": (b">118300.125<", b">118300.12501<"),
    "BR-DEC-23": (b"<ram:LineTotalAmount>-114.33", b"<ram:LineTotalAmount>-114.330"),
    "BR-07": (b"<ram:Name>Commune de Kerlann</ram:Name>", b""),
    "BR-FR-02": (b"<ram:ID>F2026-00042", b"<ram:ID>F2026 00042"),
    "BR-FR-05": (b"<ram:SubjectCode>PMT", b"<ram:SubjectCode>ADU"),
    "BR-FR-06": (b"<ram:SubjectCode>PMT", b"<ram:SubjectCode>PMD"),
    "BR-FR-09": (b'schemeID="0009">2156', b'schemeID="0009">3156'),
    "BR-FR-10": (b'<ram:ID schemeID="0002">844123455', b'<ram:ID schemeID="0002">84412345'),
    "BR-FR-12": (b'<ram:URIID schemeID="0225">215601212</ram:URIID>', b""),
    "BR-FR-CO-07": (b'format="102">20260214', b'format="102">20260114'),
    "BR-FR-08": (b"<ram:ID>S1</ram:ID>", b"<ram:ID>Z1</ram:ID>"),
    "BR-FR-04": (b"<ram:TypeCode>380", b"<ram:TypeCode>325"),
    "BR-FR-CO-05": (b"<ram:TypeCode>380", b"<ram:TypeCode>381"),
    "BR-61": (b"<ram:IBANID>FR7630006000011234567890189</ram:IBANID>", b""),
    "BR-05": (b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b""),
    "XSD": (b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"<ram:Currency>EUR</ram:Currency>"),
    "FACTUR-X": (
        b"<ram:ApplicableHeaderTradeDelivery />",
        (
            b"<ram:ApplicableHeaderTradeDelivery><ram:ShipToTradeParty><ram:URIUniversalCommunication>"
            b"<ram:URIID schemeID='0225'>1</ram:URIID></ram:URIUniversalCommunication></ram:ShipToTradeParty>"
            b"</ram:ApplicableHeaderTradeDelivery>"
        ),
    ),
    "CENT-BT-117": (b"<ram:CalculatedAmount>2160.01", b"<ram:CalculatedAmount>2160.02"),
    "CENT-BT-131": (b"<ram:LineTotalAmount>-114.33", b"<ram:LineTotalAmount>-114.34"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_invoice_is_refused_by_the_named_rule(rule: str) -> None:
    right, wrong = BROKEN[rule]
    assert right in XML
    problems = validate(XML.replace(right, wrong))
    assert rule in {problem.rule for problem in problems}
    assert all(problem.sentence and problem.location for problem in problems)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"%PDF-1.7",
        b"<a",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b"<!DOCTYPE a ["
        + b"".join(b'<!ENTITY x%d "%s">' % (i, b"&x%d;" % (i - 1) * 9) for i in range(1, 9))
        + b"]><a>&x8;</a>",
    ],
    ids=["empty", "pdf", "cut", "entity", "external", "laughs"],
)
def test_what_is_no_invoice_is_refused_without_being_expanded(document: bytes) -> None:
    (problem,) = validate(document)
    assert problem.rule == "XML-1.0"


def test_threads_may_validate_at_the_same_time() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(validate, [XML] * 24)) == {()}


def test_a_forked_worker_validates_like_its_parent() -> None:
    assert validate(XML) == ()
    child = os.fork()
    if not child:  # the child says what it found by its exit code, and runs nothing else of pytest
        found = 70
        try:
            found = len(validate(XML))
        finally:
            os._exit(found)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.decimals("-9999", "99999", places=4).filter(bool),
            st.decimals("0.000001", "999", places=6),
            st.sampled_from([Decimal(20), Decimal(10), Decimal("5.5")]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_the_rules_accept_the_schematrons_accept(amounts: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    lines = tuple(
        replace(LINES[0], identifier=str(place), quantity=quantity, unit_price=price, vat_rate=rate)
        for place, (quantity, price, rate) in enumerate(amounts, start=1)
    )
    invoice = example_invoice(lines=lines)
    if totals(invoice).gross >= 0:
        assert check(invoice) == ()
        assert validate(to_cii(invoice)) == ()
