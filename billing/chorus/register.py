"""Ask for a deposit, note one made by hand, write down what became of it; nothing here speaks to the portal."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import selectinload

from billing.chorus.access import is_real
from billing.chorus.models import Deposit, DepositEvent
from billing.chorus.rules import DELETED, ENDED, LARGEST, PAID, REJECTED, STATUSES, TO_ACT, canonical
from billing.einvoice.model import INVOICE
from billing.invoices.models import Credit, Invoice
from billing.receivables.standing import standings
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

PORTAL = "Chorus Pro"
"""Who says what the API told."""
FIRST_LOOK = dt.timedelta(minutes=2)
"""The job that a person starts goes first; the periodic look takes up what it left."""


def deposit_of(session: Session, invoice: Invoice) -> Deposit | None:
    """Return the deposit of `invoice` that counts: the one that was not refused, else the last."""
    return session.scalar(
        select(Deposit)
        .where(Deposit.invoice_id == invoice.id)
        .order_by(Deposit.state == "refused", Deposit.id.desc())
        .limit(1)
    )


def want(session: Session, invoice: Invoice, *, api_url: str, by: str, now: dt.datetime) -> Deposit:
    """Ask for the deposit of an issued document; asked twice, it is the same."""
    original = _depositable(invoice)
    if len(original) > LARGEST:
        raise Refusal(
            "{number} dépasse les 10 Mo que Chorus Pro accepte ; déposez son XML à la main.", number=invoice.number
        )
    if invoice.snapshot["synthetic"] and is_real(api_url):
        raise Refusal(
            "{number} est inventé, comme tout ce qu'une démonstration contient : il ne part pas vers Chorus Pro.",
            number=invoice.number,
        )
    return _add(
        session,
        invoice,
        Deposit(way="api", state="wanted", asked_at=now, asked_by=by, next_look_at=now + FIRST_LOOK),
    )


def note_by_hand(
    session: Session, invoice: Invoice, *, flux: str, day: dt.date, by: str, now: dt.datetime, today: dt.date
) -> Deposit:
    """Write down that a person deposited the file in the portal: flux number and day."""
    _depositable(invoice)
    flux = "".join(flux.split())
    if not flux:
        raise Refusal("Recopiez le numéro de flux que Chorus Pro a donné au dépôt.", field="flux")
    if day > today or (invoice.issue_date is not None and day < invoice.issue_date):
        raise Refusal("Le dépôt suit l'émission et n'est pas à venir : corrigez la date.", field="day")
    existing = deposit_of(session, invoice)
    if existing is not None and existing.state == "wanted":
        # It was to be sent: this is it, and who read the flux in the portal knows more than a lost answer told.
        existing.attempts_answered = existing.attempts_begun
        existing.way, existing.state, existing.flux, existing.deposited_on = "manual", "deposited", flux, day
        existing.next_look_at, existing.asked_by = now, by
        session.flush()
        return existing
    return _add(
        session,
        invoice,
        Deposit(
            way="manual",
            state="deposited",
            asked_at=now,
            asked_by=by,
            flux=flux,
            deposited_on=day,
            next_look_at=now,
        ),
    )


def note_status(
    session: Session, deposit: Deposit, *, code: str, day: dt.date, comment: str, by: str, now: dt.datetime
) -> Deposit:
    """Write down a status a person read in the portal."""
    if code not in STATUSES:
        raise Refusal("Choisissez un statut de la liste.", field="code")
    if deposit.state not in {"deposited", "integrated"}:
        raise Refusal("Ce document n'est pas dans Chorus Pro : il n'y a pas de statut à noter.")
    if day > now.date() or (deposit.deposited_on is not None and day < deposit.deposited_on):
        raise Refusal("Un statut suit le dépôt et n'est pas à venir : corrigez la date.", field="day")
    if code in {"SUSPENDUE", REJECTED, "A_RECYCLER"} and not comment.strip():
        raise Refusal("Recopiez le motif que la collectivité a donné.", field="comment")
    # Several on one day keep the order they were noted in.
    at = max(
        [dt.datetime.combine(day, dt.time(12), dt.UTC)]
        + [one.at + dt.timedelta(seconds=1) for one in deposit.events if one.at.date() == day]
    )
    deposit.state = "integrated"
    tell(session, deposit, code=code, at=at, comment=comment.strip(), by=by, now=now)
    session.flush()
    return deposit


def tell(
    session: Session, deposit: Deposit, *, code: str, at: dt.datetime, comment: str, by: str, now: dt.datetime
) -> bool:
    """Add a status to the life of `deposit`, once; the latest is its status. Return whether it was news."""
    added = session.execute(
        insert(DepositEvent)
        .values(deposit_id=deposit.id, code=canonical(code), at=at, comment=comment, said_by=by, recorded_at=now)
        .on_conflict_do_nothing()
        .returning(DepositEvent.id)
    ).first()
    if deposit.status_at is None or at >= deposit.status_at:
        deposit.status, deposit.status_at, deposit.comment = canonical(code), at, comment
    if deposit.status == DELETED:
        # It is no invoice of the portal's any more, and may be deposited anew.
        deposit.state = "refused"
    session.flush()
    session.expire(deposit, ["events"])
    return added is not None


def is_over(deposit: Deposit) -> bool:
    """Say whether nothing will change any more."""
    return deposit.state == "refused" or deposit.status in ENDED


def to_deposit(session: Session) -> Sequence[Invoice]:
    """Return the issued documents that are to go to Chorus Pro and did not yet, the oldest first.

    An invoice that was taken back whole is owed no more; a credit note goes where an invoice it names went and was not
    rejected: the others the municipality never had.
    """
    live = select(Deposit.invoice_id).where(Deposit.state != "refused")
    known = select(Deposit.invoice_id).where(Deposit.state != "refused", Deposit.status.is_distinct_from(REJECTED))
    notes = select(Credit.note_id).where(Credit.invoice_id.in_(known))
    return session.scalars(
        select(Invoice)
        .where(
            Invoice.number.is_not(None),
            Invoice.pdf_id.is_not(None),
            Invoice.state == "issued",
            Invoice.id.not_in(live),
            # One that was refused waits for a person.
            Invoice.id.not_in(select(Deposit.invoice_id)),
            (Invoice.type_code == INVOICE) | Invoice.id.in_(notes),
        )
        .order_by(Invoice.issue_date, Invoice.id)
    ).all()


def needing_somebody(session: Session) -> Sequence[Deposit]:
    """Return the deposits the SPL has to do something about, the oldest first; a paid one only until it is booked."""
    counting = (
        select(Deposit.id)
        .ext(distinct_on(Deposit.invoice_id))
        .order_by(Deposit.invoice_id, Deposit.state == "refused", Deposit.id.desc())
    )
    found = session.scalars(
        select(Deposit)
        .join(Invoice)
        .options(selectinload(Deposit.invoice))
        .where(
            Invoice.state == "issued",
            (Deposit.state == "refused") | Deposit.status.in_(TO_ACT),
            Deposit.id.in_(counting),
        )
        .order_by(Deposit.status_at, Deposit.id)
    ).all()
    announced = [one.invoice for one in found if one.status == PAID and one.invoice.type_code == INVOICE]
    open_ones = {one.invoice.id for one in standings(session, announced, dt.date.max) if one.remaining > 0}
    return [one for one in found if one.status != PAID or one.invoice_id in open_ones]


def _depositable(invoice: Invoice) -> bytes:
    """Return the original that is deposited; refuse a document that has none."""
    if invoice.number is None:
        raise Refusal("Seul un document émis se dépose ; émettez-le d'abord.")
    if invoice.pdf is None:
        raise Refusal("L'original de {number} n'est pas encore fabriqué ; attendez un instant.", number=invoice.number)
    return invoice.pdf.content


def _add(session: Session, invoice: Invoice, wanted: Deposit) -> Deposit:
    # Two people at the same time: the second finds what the first asked for.
    session.refresh(invoice, with_for_update=True)
    existing = deposit_of(session, invoice)
    if existing is not None and existing.state != "refused":
        if wanted.way == "manual":
            raise Refusal("{number} est déjà déposé : voyez son état.", number=invoice.number)
        return existing
    wanted.invoice = invoice
    wanted.file_sha256 = invoice.pdf.sha256 if invoice.pdf else ""
    session.add(wanted)
    session.flush()
    return wanted


def numbers_of(deposits: Collection[Deposit]) -> dict[str, dict[str, int]]:
    """Return the items of a job over `deposits`: an item each, under the document's number."""
    return {str(one.invoice.number): {"deposit_id": one.id} for one in deposits}
