"""The snapshot of an invoice: everything its XML and its pages say, as JSON, frozen when it is issued.

Amounts, energies, rates and fractions are exact decimals as text ("1234.50"), days are ISO 8601 ("2026-01-15").
`rate` is percent as in EN 16931 ("20"); `share`, `confidence`, `completeness` and `uncertainty` are fractions ("0.5").
An empty string means "not said". The hash that seals a snapshot is not part of it.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class AddressSnapshot(TypedDict):
    """A postal address."""

    line_one: str
    line_two: str
    postcode: str
    city: str
    country_code: str


class ElectronicAddressSnapshot(TypedDict):
    """BT-34, BT-49: scheme 0225 with the SIREN, unless the platform says otherwise."""

    value: str
    scheme: str


class PartySnapshot(TypedDict):
    """The payer: a budget of a municipality."""

    name: str
    siren: str
    siret: str
    address: AddressSnapshot
    electronic_address: ElectronicAddressSnapshot


class SellerSnapshot(PartySnapshot):
    """The SPL."""

    vat_number: str
    legal_information: str
    """Legal form, capital, register: "Société publique locale au capital de 225 000 €, RCS Lorient 844 123 455"."""
    email: str
    telephone: str


class PeriodSnapshot(TypedDict):
    """First and last local day, both included."""

    first_day: str
    last_day: str


class NoteSnapshot(TypedDict):
    """BG-1: subject code of UNTDID 4451 and text; printed among the legal mentions."""

    subject_code: str
    text: str


class PrecedingInvoiceSnapshot(TypedDict):
    """BG-3."""

    invoice_number: str
    issue_date: str


class PaymentSnapshot(TypedDict):
    """BG-17: where to pay."""

    iban: str
    bic: str
    account_name: str


class LineSnapshot(TypedDict):
    """BG-25; price above zero with six decimals at most, what is given back has a negative quantity."""

    identifier: str
    name: str
    description: str
    quantity: str
    unit_code: str
    """C62 (one), KWH, MWH, MON, DAY."""
    unit_price: str
    vat_category: str
    rate: str
    exemption_reason: str
    invoicing_period: PeriodSnapshot | None


class PricedLineSnapshot(LineSnapshot):
    """A line with its amount."""

    net: str


class VatSnapshot(TypedDict):
    """BG-23."""

    category: str
    rate: str
    base: str
    amount: str
    exemption_reason: str


class TotalsSnapshot(TypedDict):
    """BG-22."""

    net: str
    vat: str
    gross: str
    paid: str
    due: str


class HeadlineSnapshot(TypedDict):
    """The facts of the one sentence on top of the invoice."""

    buildings: int
    avoided_kwh: str
    uncertainty: str
    """Half-width of the interval as a fraction of the avoided energy; empty where it is not known."""
    confidence: str
    equivalent: str
    """An image of size, said once: "le chauffage de 9 logements"; may be empty."""


class WaterfallSnapshot(TypedDict):
    """Euros without VAT: what the energy would have cost, what it cost, what of the difference goes to the SPL.

    Drawn only where something was avoided.
    """

    without_works: str
    measured: str
    provider_share: str


class BoundarySnapshot(TypedDict):
    """One line of the décompte: a measurement boundary and an energy."""

    label: str
    energy: str
    """Code of `foundation.look.energies`."""
    adjusted_baseline_kwh: str
    measured_kwh: str
    avoided_kwh: str
    low_kwh: str
    high_kwh: str
    confidence: str
    completeness: str
    """Days that counted of days expected, a fraction."""
    price: str
    """Mean euros a kWh; empty where nothing was avoided."""
    value: str
    """Euros avoided."""
    share: str
    """Fraction of the value that goes to the SPL; empty where the terms have no single one."""
    amount: str
    """Euros, this boundary's part of the share."""


class StepSnapshot(TypedDict):
    """One step of the terms: the sentence that explains it and the euros it leaves."""

    sentence: str
    amount: str


class FactSnapshot(TypedDict):
    """Something one needs to check the figures: plan and its hash, weather station, model, versions."""

    label: str
    value: str


class CommonSnapshot(TypedDict):
    """What every document says, whatever it asks for."""

    schema: Literal["invoice/1"]
    synthetic: bool
    """True for demonstration data: every page says so."""
    subject: NotRequired[Literal["buy_out"]]
    """Absent: a share of savings. A buy-out sells the sensors: goods, without buildings, waterfall or measured days."""
    type_code: str
    invoice_number: str
    issue_date: str
    due_date: str
    seller: SellerSnapshot
    buyer: PartySnapshot
    purchase_order_reference: str
    """Numéro d'engagement."""
    buyer_reference: str
    """Code service."""
    contract_reference: str
    """Marché or convention."""
    preceding_invoices: list[PrecedingInvoiceSnapshot]
    """What a credit note credits; empty on an invoice."""
    cancellation: str
    """Why the invoice named before is cancelled whole; empty on an invoice and on the credit note of a settlement."""
    invoicing_period: PeriodSnapshot
    paid: str
    """BT-113: already paid, "0" as a rule."""
    payment: PaymentSnapshot | None
    notes: list[NoteSnapshot]
    legal_basis: str
    """What kind of contract this is, by the version of the text the agreement was signed under."""
    steps: list[StepSnapshot]
    check_url: str
    """The public page where anyone checks this invoice."""


class _Document(CommonSnapshot):
    """What a draft and an issued invoice have in common."""

    mentions: list[str]
    """Legal mentions beside the notes."""
    headline: HeadlineSnapshot
    waterfall: WaterfallSnapshot | None
    boundaries: list[BoundarySnapshot]
    evidence: list[FactSnapshot]


class DraftSnapshot(_Document):
    """What the invoice is about, before amounts are computed (`billing.documents.structured.priced`)."""

    lines: list[LineSnapshot]


class InvoiceSnapshot(_Document):
    """The whole invoice: what is frozen and hashed."""

    lines: list[PricedLineSnapshot]
    vat_breakdown: list[VatSnapshot]
    totals: TotalsSnapshot
