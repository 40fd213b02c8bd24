"""Record payments and refunds, and say which invoices they pay; VAT falls due with what is paid (CGI art. 269-2-c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.ledger.register import balance, post
from billing.ledger.rules import CUSTOMERS, late_charge, receipt, vat_falls_due, vat_of_part
from billing.receivables.models import Allocation, LateCharge, Payment, Reminder
from billing.receivables.standing import free, invoices_of, standings
from contracts.parties.models import Shareholder
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.mail.register import post as write_letter
from foundation.money import euros

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from billing.invoices.models import Invoice


def receive(
    session: Session,
    shareholder: Shareholder,
    *,
    day: dt.date,
    amount: Decimal,
    reference: str,
    payer: str,
    by: str,
    today: dt.date,
) -> Payment:
    """Record money received from `shareholder`; what it pays is said by `allocate` or `spread`, until then it waits."""
    if amount <= 0:
        raise Refusal("Un paiement reçu est positif ; un remboursement se note à part.", field="amount")
    return _record(session, shareholder, day=day, amount=amount, reference=reference, payer=payer, by=by, today=today)


def refund(
    session: Session,
    shareholder: Shareholder,
    *,
    day: dt.date,
    amount: Decimal,
    reference: str,
    by: str,
    today: dt.date,
) -> Payment:
    """Record money given back to `shareholder`, at most what stands in its favour."""
    _lock(session, shareholder.id)
    due_to_it = -balance(session, CUSTOMERS, shareholder_id=shareholder.id)
    if amount <= 0 or amount > due_to_it:
        raise Refusal(
            "Le compte de {name} est créditeur de {amount} : on ne rembourse pas plus.",
            field="amount",
            name=shareholder.name,
            amount=FRENCH.euros(max(due_to_it, euros(0))),
        )
    return _record(
        session,
        shareholder,
        day=day,
        amount=-amount,
        reference=reference,
        payer=shareholder.name,
        by=by,
        today=today,
    )


def allocate(session: Session, payment: Payment, invoice: Invoice, *, amount: Decimal, by: str) -> Allocation:
    """Let `amount` of `payment` pay `invoice`: at most what is left of either."""
    _lock(session, payment.shareholder_id)
    if invoice.shareholder_id != payment.shareholder_id or invoice.number is None or invoice.is_credit_note:
        raise Refusal("Un paiement règle les factures émises de la même collectivité.", field="invoice")
    [standing] = standings(session, [invoice], payment.day)
    if not 0 < amount <= min(standing.remaining, free(session, payment)):
        raise Refusal(
            "Il reste {free} de ce paiement et {remaining} à payer sur {number} ; imputez au plus le moindre.",
            field="amount",
            free=FRENCH.euros(free(session, payment)),
            remaining=FRENCH.euros(standing.remaining),
            number=invoice.number,
        )
    return _allocate(session, payment, invoice, amount=amount, paid=standing.paid, by=by)


def spread(session: Session, payment: Payment, *, by: str) -> list[Allocation]:
    """Let `payment` pay the open invoices of its municipality, the first due first; what is left waits."""
    made = []
    for standing in standings(session, invoices_of(session, payment.shareholder_id), payment.day):
        amount = min(standing.remaining, free(session, payment))
        if amount > 0:
            made.append(allocate(session, payment, standing.invoice, amount=amount, by=by))
    return made


def pay_lateness(session: Session, payment: Payment, invoice: Invoice, *, by: str) -> LateCharge:
    """Let what is free of `payment` pay the interest, then the indemnity, of `invoice`, whose price is paid.

    Both are due of right, within 45 days of the price (code de la commande publique, art. R2192-36); a person says that
    this money is meant for them, since what is paid beyond an invoice may as well be an error.
    """
    _lock(session, payment.shareholder_id)
    if invoice.shareholder_id != payment.shareholder_id or invoice.number is None or invoice.is_credit_note:
        raise Refusal("Un paiement règle les factures émises de la même collectivité.", field="invoice")
    [standing] = standings(session, [invoice], payment.day)
    if standing.late.half_year is not None and standing.late.interest is None:
        raise Refusal(
            "Le taux de la BCE au {day} n'est pas enregistré : saisissez-le (Taux de retard), puis recommencez.",
            day=_said(standing.late.half_year),
        )
    if standing.remaining > 0:
        raise Refusal(
            "Il reste {amount} à payer sur {number} : le prix d'abord, le retard ensuite.",
            amount=FRENCH.euros(standing.remaining),
            number=invoice.number,
        )
    available = free(session, payment)
    interest = min(standing.lateness_owed[0], available)
    indemnity = min(standing.lateness_owed[1], available - interest)
    if interest + indemnity <= 0:
        raise Refusal(
            "Rien n'est dû pour le retard de {number}, ou rien ne reste de ce paiement.", number=invoice.number
        )
    charge = LateCharge(payment=payment, invoice=invoice, interest=interest, indemnity=indemnity, made_by=by)
    session.add(charge)
    session.flush()
    post(
        session,
        late_charge(interest, indemnity),
        day=payment.day,
        journal="OD",
        kind="late",
        document=str(invoice.number),
        document_date=payment.day,
        label=f"Intérêts moratoires et indemnité sur {invoice.number}",
        shareholder_id=payment.shareholder_id,
    )
    return charge


def release(session: Session, payment: Payment, invoice: Invoice, *, by: str) -> Allocation:
    """Take off `invoice` all that `payment` paid of it, where it was the wrong one or was credited since."""
    _lock(session, payment.shareholder_id)
    allocations = session.scalars(select(Allocation).where(Allocation.payment_id == payment.id))
    paid = sum((one.amount for one in allocations if one.invoice_id == invoice.id), euros(0))
    if paid <= 0:
        raise Refusal("Ce paiement ne règle pas cette facture ; il n'y a rien à en retirer.", field="invoice")
    [standing] = standings(session, [invoice], payment.day)
    return _allocate(session, payment, invoice, amount=-paid, paid=standing.paid, by=by)


def remind(session: Session, invoice: Invoice, *, by: str, today: dt.date) -> Reminder:
    """Write to the municipality that `invoice` is late: a person decided it, and once a day is enough."""
    if invoice.number is None or invoice.due_date is None or invoice.is_credit_note:
        raise Refusal("Seule une facture émise se rappelle.")
    [standing] = standings(session, [invoice], today)
    if standing.remaining <= 0 or not standing.late.days:
        raise Refusal("La facture {number} n'est pas en retard : rien à rappeler.", number=invoice.number)
    interest, half_year = standing.late.interest, standing.late.half_year
    if interest is None or half_year is None:
        raise Refusal(
            "Le taux de la BCE au {day} n'est pas enregistré : saisissez-le (Taux de retard), puis relancez.",
            day=_said(half_year),
        )
    shareholder = session.get_one(Shareholder, invoice.shareholder_id)
    body = (
        f"Madame, Monsieur,\n\nLa facture {invoice.number} du {_said(invoice.issue_date)}, échue le"
        f" {_said(invoice.due_date)}, reste à payer pour {FRENCH.euros(standing.remaining)}.\n\n"
        f"Les intérêts moratoires à ce jour sont de {FRENCH.euros(interest)}, l'indemnité forfaitaire de"
        f" {FRENCH.euros(standing.late.indemnity)} (code de la commande publique, art. R2192-31 et D2192-35).\n\n"
        "Si le paiement est en route, ne tenez pas compte de cette lettre.\n"
    )
    write_letter(
        session,
        to=shareholder.email,
        subject=f"Facture {invoice.number} : échue le {_said(invoice.due_date)}",
        body=body,
        key=f"reminder {invoice.number} {today.isoformat()}",
    )
    reminder = Reminder(
        invoice=invoice,
        day=today,
        recipient=shareholder.email,
        remaining=standing.remaining,
        interest=interest,
        sent_by=by,
    )
    session.add(reminder)
    session.flush()
    return reminder


def _said(day: dt.date | None) -> str:
    return "" if day is None else FRENCH.date(day)


# Any number, as long as it is always this one: the class of these locks.
PAYMENT_LOCK = 20170522


def _lock(session: Session, shareholder_id: int) -> None:
    """Wait until nobody else moves this municipality's payments; the turn ends with the transaction.

    An advisory lock, because rows that are never changed may not be locked for it either.
    """
    session.execute(select(func.pg_advisory_xact_lock(PAYMENT_LOCK, shareholder_id)))


def _record(
    session: Session,
    shareholder: Shareholder,
    *,
    day: dt.date,
    amount: Decimal,
    reference: str,
    payer: str,
    by: str,
    today: dt.date,
) -> Payment:
    if day > today:
        raise Refusal("Ce jour n'est pas encore venu : notez la date du relevé bancaire.", field="day")
    if amount != euros(amount):
        raise Refusal("Un montant a deux décimales au plus.", field="amount")
    payment = Payment(
        shareholder=shareholder,
        day=day,
        amount=euros(amount),
        reference=reference.strip(),
        payer=payer.strip(),
        recorded_by=by,
    )
    session.add(payment)
    session.flush()
    kind, word = ("receipt", "Règlement") if amount > 0 else ("refund", "Remboursement")
    post(
        session,
        receipt(payment.amount),
        day=day,
        journal="BQ",
        kind=kind,
        document=payment.reference,
        document_date=day,
        label=f"{word} {payment.payer}",
        shareholder_id=shareholder.id,
    )
    return payment


def _allocate(
    session: Session, payment: Payment, invoice: Invoice, *, amount: Decimal, paid: Decimal, by: str
) -> Allocation:
    allocation = Allocation(payment=payment, invoice=invoice, amount=amount, made_by=by)
    session.add(allocation)
    session.flush()
    if invoice.settlement.kind == "buy_out":
        return allocation  # VAT on goods fell due when they were delivered.
    due = vat_of_part(invoice.vat, invoice.gross, paid + amount) - vat_of_part(invoice.vat, invoice.gross, paid)
    post(
        session,
        vat_falls_due(due),
        day=payment.day,
        journal="OD",
        kind="vat",
        document=str(invoice.number),
        document_date=payment.day,
        label=f"TVA exigible sur {invoice.number}",
        shareholder_id=payment.shareholder_id,
    )
    return allocation
