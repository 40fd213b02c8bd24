"""The semantic model of EN 16931-1, as far as a savings-share invoice of an SPL uses it.

Names are those of the standard; each docstring gives the business term (BT) or group (BG). Amounts are euros,
rates are percent as the standard writes them (20 means 20 %), periods include both their days.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

INVOICE = "380"
CREDIT_NOTE = "381"
CORRECTED_INVOICE = "384"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Postal address, BG-5 of the seller, BG-8 of the buyer."""

    line_one: str
    """BT-35, BT-50."""
    postcode: str
    """BT-38, BT-53."""
    city: str
    """BT-37, BT-52."""
    line_two: str = ""
    """BT-36, BT-51."""
    country_code: str = "FR"
    """BT-40, BT-55, ISO 3166-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicAddress:
    """Where the platform delivers, BT-34 of the seller, BT-49 of the buyer; in France 0225:SIREN[_suffix]."""

    value: str
    scheme: str = "0225"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """BG-4: the SPL."""

    name: str
    """BT-27."""
    siren: str
    """BT-30, scheme 0002."""
    siret: str
    """BT-29, scheme 0009."""
    vat_number: str
    """BT-31."""
    address: Address
    electronic_address: ElectronicAddress
    legal_information: str = ""
    """BT-33: legal form, capital, register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """BG-7: the budget that pays."""

    name: str
    """BT-44."""
    siren: str
    """BT-47, scheme 0002."""
    siret: str
    """BT-46, scheme 0009."""
    address: Address
    electronic_address: ElectronicAddress


@dataclass(frozen=True, slots=True)
class Note:
    """BG-1: a free text and what it is about (BT-21: PMT, PMD, AAB…)."""

    subject_code: str
    text: str


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both included: BG-14 for the invoice, BG-26 for a line."""

    first_day: dt.date
    last_day: dt.date


@dataclass(frozen=True, slots=True)
class PrecedingInvoice:
    """BG-3: the invoice a credit note or a corrected invoice is about."""

    invoice_number: str
    """BT-25."""
    issue_date: dt.date
    """BT-26."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer:
    """BG-17: where the money goes."""

    iban: str
    """BT-84."""
    account_name: str = ""
    """BT-85."""
    bic: str = ""
    """BT-86."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """BG-25: quantity × unit price; what is given back has a negative quantity, never a negative price."""

    identifier: str
    """BT-126."""
    name: str
    """BT-153."""
    quantity: Decimal
    """BT-129, four decimals at most."""
    unit_code: str
    """BT-130, UN/ECE Recommendation 20: C62 (one), KWH, MWH, MON, DAY."""
    unit_price: Decimal
    """BT-146, euros excluding VAT, above zero, six decimals at most."""
    description: str = ""
    """BT-154."""
    vat_rate: Decimal = Decimal(20)
    """BT-152, percent."""
    vat_category: str = "S"
    """BT-151: S standard rate, E exempt, O outside the scope."""
    exemption_reason: str = ""
    """BT-120, where the category is E or O."""
    invoicing_period: Period | None = None
    """BG-26."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """The document as a whole; its totals follow from its lines (see `billing.einvoice.totals`)."""

    invoice_number: str
    """BT-1."""
    issue_date: dt.date
    """BT-2."""
    due_date: dt.date
    """BT-9."""
    seller: Seller
    buyer: Buyer
    lines: tuple[Line, ...]
    notes: tuple[Note, ...]
    """BG-1: PMT, PMD and AAB once each (BR-FR-05, BR-FR-06)."""
    credit_transfer: CreditTransfer | None
    type_code: str = INVOICE
    """BT-3."""
    business_process: str = "S1"
    """BT-23: S1 is an invoice of services."""
    vat_due_date_code: str = "72"
    """BT-8: 72 is "on payment", the rule for services in France (CGI art. 269-2-c)."""
    buyer_reference: str = ""
    """BT-10: code of the service that executes, for Chorus Pro."""
    contract_reference: str = ""
    """BT-12: number of the contract (marché, convention)."""
    purchase_order_reference: str = ""
    """BT-13: commitment number (numéro d'engagement juridique), for Chorus Pro."""
    preceding_invoices: tuple[PrecedingInvoice, ...] = ()
    """BG-3: a balance may credit several instalments."""
    invoicing_period: Period | None = None
    """BG-14: the period whose savings are shared."""
    paid_amount: Decimal = Decimal(0)
    """BT-113."""
