"""CII (UN/CEFACT Cross Industry Invoice D22B) of an invoice, in the EN 16931 profile of Factur-X.

The order of elements is that of the XSD. Prefixes are written as part of the names, so that nothing depends on the
process-wide register of ElementTree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from billing.einvoice.totals import line_net, totals, vat_breakdown

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from billing.einvoice.model import Address, Buyer, ElectronicAddress, Invoice, Line, Period, Seller
    from billing.einvoice.totals import VatBreakdown

PROFILE = "urn:cen.eu:en16931:2017"
CURRENCY = "EUR"
SEPA_CREDIT_TRANSFER = "58"
"""UNTDID 4461."""

_NAMESPACES = {
    "xmlns:rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "xmlns:ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "xmlns:udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "xmlns:qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


def to_cii(invoice: Invoice) -> bytes:
    """Return the XML of `invoice`, UTF-8; the same invoice always gives the same bytes."""
    root = Element("rsm:CrossIndustryInvoice", _NAMESPACES)
    _context(SubElement(root, "rsm:ExchangedDocumentContext"), invoice)
    _document(SubElement(root, "rsm:ExchangedDocument"), invoice)
    transaction = SubElement(root, "rsm:SupplyChainTradeTransaction")
    for line in invoice.lines:
        _line(SubElement(transaction, "ram:IncludedSupplyChainTradeLineItem"), line)
    _agreement(SubElement(transaction, "ram:ApplicableHeaderTradeAgreement"), invoice)
    SubElement(transaction, "ram:ApplicableHeaderTradeDelivery")
    _settlement(SubElement(transaction, "ram:ApplicableHeaderTradeSettlement"), invoice)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _context(context: Element, invoice: Invoice) -> None:
    process = SubElement(context, "ram:BusinessProcessSpecifiedDocumentContextParameter")
    _text(process, "ram:ID", invoice.business_process)  # BT-23
    _text(SubElement(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", PROFILE)  # BT-24


def _document(document: Element, invoice: Invoice) -> None:
    _text(document, "ram:ID", invoice.invoice_number)  # BT-1
    _text(document, "ram:TypeCode", invoice.type_code)  # BT-3
    _date(document, "ram:IssueDateTime", invoice.issue_date)  # BT-2
    for note in invoice.notes:  # BG-1
        element = SubElement(document, "ram:IncludedNote")
        _text(element, "ram:Content", note.text)
        _text(element, "ram:SubjectCode", note.subject_code)


def _line(item: Element, line: Line) -> None:
    _text(SubElement(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", line.identifier)  # BT-126
    product = SubElement(item, "ram:SpecifiedTradeProduct")
    _text(product, "ram:Name", line.name)  # BT-153
    _text(product, "ram:Description", line.description)  # BT-154
    price = SubElement(SubElement(item, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    _text(price, "ram:ChargeAmount", _plain(line.unit_price))  # BT-146
    delivery = SubElement(item, "ram:SpecifiedLineTradeDelivery")
    _text(delivery, "ram:BilledQuantity", _plain(line.quantity), unitCode=line.unit_code)  # BT-129, BT-130
    settlement = SubElement(item, "ram:SpecifiedLineTradeSettlement")
    tax = SubElement(settlement, "ram:ApplicableTradeTax")
    _text(tax, "ram:TypeCode", "VAT")
    _text(tax, "ram:CategoryCode", line.vat_category)  # BT-151
    _text(tax, "ram:RateApplicablePercent", _rate(line.vat_category, line.vat_rate))  # BT-152
    _period(settlement, line.invoicing_period)  # BG-26
    summation = SubElement(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _text(summation, "ram:LineTotalAmount", _amount(line_net(line)))  # BT-131


def _agreement(agreement: Element, invoice: Invoice) -> None:
    _text(agreement, "ram:BuyerReference", invoice.buyer_reference)  # BT-10
    seller = SubElement(agreement, "ram:SellerTradeParty")
    _party(seller, invoice.seller, invoice.seller.legal_information)
    registration = SubElement(seller, "ram:SpecifiedTaxRegistration")
    _text(registration, "ram:ID", invoice.seller.vat_number, schemeID="VA")  # BT-31
    _party(SubElement(agreement, "ram:BuyerTradeParty"), invoice.buyer, "")
    for name, reference in (
        ("ram:BuyerOrderReferencedDocument", invoice.purchase_order_reference),  # BT-13
        ("ram:ContractReferencedDocument", invoice.contract_reference),  # BT-12
    ):
        if reference:
            _text(SubElement(agreement, name), "ram:IssuerAssignedID", reference)


def _party(element: Element, party: Seller | Buyer, legal_information: str) -> None:
    _text(element, "ram:GlobalID", party.siret, schemeID="0009")  # BT-29, BT-46
    _text(element, "ram:Name", party.name)  # BT-27, BT-44
    _text(element, "ram:Description", legal_information)  # BT-33
    _text(SubElement(element, "ram:SpecifiedLegalOrganization"), "ram:ID", party.siren, schemeID="0002")  # BT-30, BT-47
    _address(SubElement(element, "ram:PostalTradeAddress"), party.address)
    _electronic_address(element, party.electronic_address)


def _address(element: Element, address: Address) -> None:
    _text(element, "ram:PostcodeCode", address.postcode)
    _text(element, "ram:LineOne", address.line_one)
    _text(element, "ram:LineTwo", address.line_two)
    _text(element, "ram:CityName", address.city)
    _text(element, "ram:CountryID", address.country_code)


def _electronic_address(element: Element, address: ElectronicAddress) -> None:
    if address.value:
        communication = SubElement(element, "ram:URIUniversalCommunication")
        _text(communication, "ram:URIID", address.value, schemeID=address.scheme)  # BT-34, BT-49


def _settlement(settlement: Element, invoice: Invoice) -> None:
    _text(settlement, "ram:PaymentReference", invoice.invoice_number)  # BT-83
    _text(settlement, "ram:InvoiceCurrencyCode", CURRENCY)  # BT-5
    _payment(settlement, invoice)
    for part in vat_breakdown(invoice):
        _tax(SubElement(settlement, "ram:ApplicableTradeTax"), part, invoice.vat_due_date_code)
    _period(settlement, invoice.invoicing_period)  # BG-14
    _date(SubElement(settlement, "ram:SpecifiedTradePaymentTerms"), "ram:DueDateDateTime", invoice.due_date)  # BT-9
    _totals(SubElement(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation"), invoice)
    for preceding in invoice.preceding_invoices:  # BG-3
        document = SubElement(settlement, "ram:InvoiceReferencedDocument")
        _text(document, "ram:IssuerAssignedID", preceding.invoice_number)  # BT-25
        _date(document, "ram:FormattedIssueDateTime", preceding.issue_date, "qdt:DateTimeString")  # BT-26


def _payment(settlement: Element, invoice: Invoice) -> None:
    transfer = invoice.credit_transfer
    if transfer is None:
        return
    means = SubElement(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")  # BG-16
    _text(means, "ram:TypeCode", SEPA_CREDIT_TRANSFER)  # BT-81
    account = SubElement(means, "ram:PayeePartyCreditorFinancialAccount")
    _text(account, "ram:IBANID", transfer.iban)  # BT-84
    _text(account, "ram:AccountName", transfer.account_name)  # BT-85
    if transfer.bic:
        _text(SubElement(means, "ram:PayeeSpecifiedCreditorFinancialInstitution"), "ram:BICID", transfer.bic)  # BT-86


def _tax(tax: Element, part: VatBreakdown, due_date_code: str) -> None:
    _text(tax, "ram:CalculatedAmount", _amount(part.amount))  # BT-117
    _text(tax, "ram:TypeCode", "VAT")
    _text(tax, "ram:ExemptionReason", part.exemption_reason)  # BT-120
    _text(tax, "ram:BasisAmount", _amount(part.base))  # BT-116
    _text(tax, "ram:CategoryCode", part.category)  # BT-118
    _text(tax, "ram:DueDateTypeCode", due_date_code)  # BT-8
    _text(tax, "ram:RateApplicablePercent", _rate(part.category, part.rate))  # BT-119


def _totals(summation: Element, invoice: Invoice) -> None:
    amounts = totals(invoice)
    _text(summation, "ram:LineTotalAmount", _amount(amounts.lines))  # BT-106
    _text(summation, "ram:TaxBasisTotalAmount", _amount(amounts.net))  # BT-109
    _text(summation, "ram:TaxTotalAmount", _amount(amounts.vat), currencyID=CURRENCY)  # BT-110
    _text(summation, "ram:GrandTotalAmount", _amount(amounts.gross))  # BT-112
    if amounts.paid:
        _text(summation, "ram:TotalPrepaidAmount", _amount(amounts.paid))  # BT-113
    _text(summation, "ram:DuePayableAmount", _amount(amounts.due))  # BT-115


def _period(parent: Element, period: Period | None) -> None:
    if period is not None:
        element = SubElement(parent, "ram:BillingSpecifiedPeriod")
        _date(element, "ram:StartDateTime", period.first_day)
        _date(element, "ram:EndDateTime", period.last_day)


def _date(parent: Element, name: str, day: dt.date, inner: str = "udt:DateTimeString") -> None:
    # Format 102 of UNTDID 2379 is CCYYMMDD.
    _text(SubElement(parent, name), inner, f"{day:%Y%m%d}", format="102")


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    """Add an element, unless it would be empty: PEPPOL-EN16931-R008 wants none."""
    if text:
        SubElement(parent, name, attributes).text = text


def _amount(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _rate(category: str, rate: Decimal) -> str:
    # BR-O-05: outside the scope of VAT there is no rate, not even zero.
    return "" if category == "O" else f"{rate:.2f}"


def _plain(number: Decimal) -> str:
    """Return `number` without exponent nor useless zeros."""
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
