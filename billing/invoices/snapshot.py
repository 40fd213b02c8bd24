"""From an accepted settlement to everything its invoice will say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from billing.documents.mentions import GOODS_MENTIONS, PAYMENT_DAYS, PUBLIC_BUYER_NOTES, SERVICE_MENTIONS
from billing.pack.gather import reports_behind
from billing.settlements.data import Outcome
from foundation.identifiers import vat_number_from_siren
from foundation.look.language import FRENCH
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from billing.documents.snapshot import (
        AddressSnapshot,
        BoundarySnapshot,
        CommonSnapshot,
        DraftSnapshot,
        ElectronicAddressSnapshot,
        FactSnapshot,
        LineSnapshot,
        PartySnapshot,
        PeriodSnapshot,
        SellerSnapshot,
        StepSnapshot,
    )
    from billing.settlements.models import Settlement, SettlementLine
    from contracts.agreements.models import Agreement
    from contracts.parties.models import Company

VAT_RATE = "20"
"""Normal rate (CGI art. 278): a share of savings is the price of a service."""
SIREN_SCHEME = "0225"
"""Electronic addresses of the French directory."""
HOME_HEATING_KWH = 12_000
"""Order of size of a year's heating of a French home, for the image of size only."""


def draft_snapshot(
    session: Session, settlement: Settlement, company: Company, *, base_url: str, today: dt.date
) -> DraftSnapshot:
    """Return what the invoice of `settlement` says, before number and amounts; dates are those of `today`.

    A credit note says the same with its lines turned round: what it gives back is positive.
    """
    if settlement.kind == "buy_out":
        return _of_buy_out(settlement, company, base_url, today)
    return {
        **_common(settlement, company, base_url, today),
        "mentions": list(SERVICE_MENTIONS),
        "headline": {
            "buildings": len({b.id for line in _this_year(settlement) for b in line.boundary.buildings}),
            "avoided_kwh": _text(_avoided(settlement)),
            "uncertainty": _uncertainty(settlement),
            "confidence": str(_this_year(settlement)[0].report.confidence_level),
            "equivalent": _equivalent(_avoided(settlement)),
        },
        "waterfall": {
            "without_works": _text(settlement.baseline_value),
            "measured": _text(settlement.baseline_value - settlement.avoided_value),
            "provider_share": _text(settlement.share_to_date),
        },
        "boundaries": [_boundary(line) for line in _this_year(settlement)],
        "evidence": _evidence(session, settlement),
        "lines": [_line(place, line, settlement) for place, line in enumerate(_billed(settlement), start=1)],
    }


def _of_buy_out(settlement: Settlement, company: Company, base_url: str, today: dt.date) -> DraftSnapshot:
    """Return the invoice that sells the sensors at the value of the agreement's table."""
    agreement = settlement.agreement
    signed = agreement.document.sha256 if agreement.document else ""
    return {
        **_common(settlement, company, base_url, today),
        "subject": "buy_out",
        "mentions": list(GOODS_MENTIONS),
        "headline": {"buildings": 0, "avoided_kwh": "0", "uncertainty": "", "confidence": "0", "equivalent": ""},
        "waterfall": None,
        "boundaries": [],
        "evidence": [{"label": "Accord signé", "value": signed}] if signed else [],
        "lines": [
            {
                "identifier": "1",
                "name": "Rachat des capteurs",
                "description": f"Accord {agreement.number}, valeur de son tableau de rachat",
                "quantity": "1",
                "unit_code": "C62",
                "unit_price": _text(settlement.amount),
                "vat_category": "S",
                "rate": VAT_RATE,
                "exemption_reason": "",
                "invoicing_period": None,
            }
        ],
    }


def _common(settlement: Settlement, company: Company, base_url: str, today: dt.date) -> CommonSnapshot:
    """Return what every document says, whatever it asks for."""
    agreement = settlement.agreement
    number = f"BROUILLON-{settlement.id}"
    return {
        "schema": "invoice/1",
        "synthetic": company.synthetic or agreement.shareholder.synthetic,
        "type_code": "380",
        "invoice_number": number,
        "issue_date": today.isoformat(),
        "due_date": (today + dt.timedelta(days=PAYMENT_DAYS)).isoformat(),
        "seller": _seller(company),
        "buyer": _buyer(agreement),
        "purchase_order_reference": agreement.budget.commitment_number or "",
        "buyer_reference": agreement.budget.service_code or "",
        "contract_reference": agreement.number,
        "preceding_invoices": [],
        "cancellation": "",
        "invoicing_period": _period(settlement),
        "paid": "0",
        "payment": {"iban": company.iban, "bic": company.bic, "account_name": company.name},
        "notes": list(PUBLIC_BUYER_NOTES),
        "legal_basis": agreement.legal_basis,
        "steps": [_step(step) for step in _told(settlement)],
        "check_url": f"{base_url.rstrip('/')}/check/{number}",
    }


def _this_year(settlement: Settlement) -> list[SettlementLine]:
    """Return the lines of the contract year that is settled; the others correct earlier ones."""
    return [line for line in settlement.lines if line.year == settlement.contract_year_number]


def _billed(settlement: Settlement) -> list[SettlementLine]:
    return [line for line in settlement.lines if line.amount]


def _line(place: int, line: SettlementLine, settlement: Settlement) -> LineSnapshot:
    # BR-FR-DEC-03: a unit price is never negative; what goes the other way than the document has a negative quantity.
    gives_back = settlement.outcome == Outcome.CREDIT_NOTE
    return {
        "identifier": str(place),
        "name": (
            f"Part des économies rendue : {line.label}"
            if line.amount < 0
            else f"Part des économies vérifiées : {line.label}"
        ),
        "description": f"{FRENCH.kwh(line.avoided_energy_kwh)} évités, rapport {line.report.sha256[:12]}",
        "quantity": "-1" if (line.amount < 0) != gives_back else "1",
        "unit_code": "C62",
        "unit_price": _text(abs(line.amount)),
        "vat_category": "S",
        "rate": VAT_RATE,
        "exemption_reason": "",
        "invoicing_period": _period(settlement),
    }


def _boundary(line: SettlementLine) -> BoundarySnapshot:
    report = line.report
    adjusted, measured, counted = _counted(line)
    half_width = report.avoided_energy_kwh - report.avoided_low_kwh
    return {
        "label": line.label,
        "energy": line.energy,
        "adjusted_baseline_kwh": _text(adjusted),
        "measured_kwh": _text(measured),
        "avoided_kwh": _text(line.avoided_energy_kwh),
        "low_kwh": _text(line.avoided_energy_kwh - half_width),
        "high_kwh": _text(line.avoided_energy_kwh + half_width),
        "confidence": str(report.confidence_level),
        "completeness": _text(_ratio(counted, report.days_expected)),
        "price": "" if line.mean_price is None else _text(line.mean_price),
        "value": _text(line.avoided_value),
        "share": _text(line.share.normalize()),
        "amount": _text(line.amount),
    }


def _counted(line: SettlementLine) -> tuple[Decimal, Decimal, int]:
    """Return adjusted baseline and measured kWh of the days that count, and how many: suspended ones do not."""
    report = line.report
    suspended = [
        days
        for year in line.settlement.evaluation["inputs"]["years"]
        if year["number"] == line.year
        for one in year["measured"]
        if (one["boundary_id"], one["energy"]) == (line.boundary_id, line.energy)
        for days in one["suspended"]
    ]
    if not suspended:
        return report.adjusted_baseline_kwh, report.measured_kwh, report.days_counted
    days = [
        day
        for day in report.days
        if day.counted and not any(start <= day.day.isoformat() < end for start, end, _ in suspended)
    ]
    nothing = Decimal("0.000")
    adjusted = sum((day.adjusted_baseline_kwh or nothing for day in days), nothing)
    return adjusted, sum((day.measured_kwh or nothing for day in days), nothing), len(days)


def _told(settlement: Settlement) -> Iterator[dict[str, Any]]:
    """Yield the steps the account has to tell: what one boundary avoided stands in its table already.

    Of earlier years only what is corrected now is told boundary by boundary.
    """
    corrected = {
        (line.label, line.energy, str(line.avoided_value))
        for line in settlement.lines
        if line.amount and line.year != settlement.contract_year_number
    }
    for step in settlement.evaluation["steps"]:
        values = step.get("values", {})
        if step.get("name") != "result" or (values.get("boundary"), values.get("energy"), step["amount"]) in corrected:
            yield step


def _step(step: dict[str, str]) -> StepSnapshot:
    return {"sentence": step["sentence"], "amount": step["amount"]}


def _evidence(session: Session, settlement: Settlement) -> list[FactSnapshot]:
    facts: list[FactSnapshot] = []
    for line in settlement.lines:
        plan = line.report.plan
        facts += [
            {"label": f"{line.label} : plan de mesure", "value": plan.sha256 or ""},
            {"label": f"{line.label} : rapport d'économies", "value": line.report.sha256},
            {"label": f"{line.label} : station météo", "value": f"{plan.station.name} ({plan.station.code})"},
        ]
    cited = {fact["value"] for fact in facts}
    # What asks for nothing here, because it is held or its year is settled, is part of the account all the same.
    for report in reports_behind(session, settlement).values():
        first, _ = bounds(report.period)
        label = f"{report.plan.boundary.name}, depuis le {first:%d/%m/%Y}"
        more: list[FactSnapshot] = [
            {"label": f"{label} : plan de mesure", "value": report.plan.sha256 or ""},
            {"label": f"{label} : rapport d'économies", "value": report.sha256},
        ]
        facts += [fact for fact in more if fact["value"] not in cited]
        cited |= {fact["value"] for fact in more}
    return facts


def _seller(company: Company) -> SellerSnapshot:
    siren = company.siret[:9]
    return {
        "name": company.name,
        "siren": siren,
        "siret": company.siret,
        "address": _address(company.street, company.postcode, company.city),
        "electronic_address": _electronic(siren),
        "vat_number": vat_number_from_siren(siren),
        "legal_information": (
            f"{company.legal_form} au capital de {company.share_capital:,.0f} €".replace(",", "\u202f")
            + f", {company.trade_register}"
        ),
        "email": company.email,
        "telephone": company.phone,
    }


def _buyer(agreement: Agreement) -> PartySnapshot:
    shareholder, budget = agreement.shareholder, agreement.budget
    return {
        "name": f"{shareholder.name} - {budget.name}",
        "siren": budget.siret[:9],
        "siret": budget.siret,
        "address": _address(shareholder.street, shareholder.postcode, shareholder.city),
        "electronic_address": _electronic(budget.siret[:9]),
    }


def _address(street: str, postcode: str, city: str) -> AddressSnapshot:
    return {"line_one": street, "line_two": "", "postcode": postcode, "city": city, "country_code": "FR"}


def _electronic(siren: str) -> ElectronicAddressSnapshot:
    return {"value": siren, "scheme": SIREN_SCHEME}


def _period(settlement: Settlement) -> PeriodSnapshot:
    start, end = bounds(settlement.period)
    return {"first_day": start.isoformat(), "last_day": (end - dt.timedelta(days=1)).isoformat()}


def _avoided(settlement: Settlement) -> Decimal:
    return sum((line.avoided_energy_kwh for line in _this_year(settlement)), Decimal("0.000"))


def _uncertainty(settlement: Settlement) -> str:
    """Return the half-width of the interval of all boundaries together, added up, as a fraction of what was avoided.

    Weather is shared, so errors are not independent: the sum is never too small.
    """
    avoided = _avoided(settlement)
    if avoided <= 0:
        return ""
    half_widths = sum(
        (line.report.avoided_energy_kwh - line.report.avoided_low_kwh for line in _this_year(settlement)), Decimal(0)
    )
    return _text((half_widths / avoided).quantize(Decimal("0.0001")))


def _equivalent(avoided: Decimal) -> str:
    homes = int(avoided // HOME_HEATING_KWH)
    return f"le chauffage de {homes} logements" if homes > 1 else ""


def _ratio(part: int, whole: int) -> Decimal:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001")) if whole else Decimal(0)


def _text(number: Decimal) -> str:
    return f"{number:f}"
