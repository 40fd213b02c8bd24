"""The next step of a deposit: send it, ask what became of it, follow its invoice; never the same document twice.

A request to deposit is counted in a short transaction of its own before it goes out, and marked answered together with
what it brought. Whoever finds one begun and not answered (a process killed between request and commit, an answer that
was lost) sends nothing: the portal is asked by the invoice's number until it knows it, and only after a day without
trace is it sent again. Before any request the portal is asked too, and it has the last word: it refuses a number twice.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from billing.chorus.client import Denied, NoAnswer
from billing.chorus.models import Deposit
from billing.chorus.register import PORTAL, is_over, tell
from billing.chorus.rules import INTEGRATED, PENDING_FLUX, REJECTED_FLUX, pause_after
from foundation.messages import N_

if TYPE_CHECKING:
    from billing.chorus.client import Chorus, Found, Report

LOST_AFTER: Final = dt.timedelta(days=1)
"""Without trace in the portal for so long, a request never arrived."""
DENIED_ACCESS: Final = dt.timedelta(hours=1)
OTHER_AMOUNT = N_(
    "Chorus Pro a sous ce numéro une facture d'un autre montant ({amount}) ; cherchez-la dans le portail."
)
UNKNOWN_REPORT = N_("Chorus Pro dit « {state} », que ce programme ne connaît pas ; voyez dans le portail.")


def go_on(session: Session, deposit_id: int, chorus: Chorus, *, now: dt.datetime, today: dt.date) -> str | None:
    """Make the next step of a deposit and return its state; None where there is nothing to do.

    What goes wrong is written on the deposit, with the time of the next look; it is no failure of the caller's.
    """
    deposit = session.get(Deposit, deposit_id, populate_existing=True)
    if deposit is None or is_over(deposit):
        return None
    try:
        if deposit.state == "wanted":
            news = _search(session, deposit, chorus, now) or (
                not deposit.uncertain and _send(session, deposit, chorus, now, today)
            )
        elif deposit.state == "deposited":
            news = _read_report(session, deposit, chorus, now)
        else:
            news = _read_history(session, deposit, chorus, now)
    except NoAnswer as no:
        _look_again(deposit, now, no.sentence, at_least=dt.timedelta(seconds=no.wait))
    except Denied as denied:
        _look_again(deposit, now, denied.sentence, at_least=DENIED_ACCESS)
    else:
        if news:
            deposit.tries, deposit.error = 0, ""
        else:
            deposit.tries += 1
        deposit.next_look_at = None if is_over(deposit) else now + _pause(deposit)
    session.flush()
    return deposit.state


def _search(session: Session, deposit: Deposit, chorus: Chorus, now: dt.datetime) -> bool:
    """Take over what the portal has under the document's number; say whether that settles this look."""
    found = chorus.find(number=str(deposit.invoice.number))
    if not found:
        if deposit.uncertain and deposit.begun_at is not None and now - deposit.begun_at >= LOST_AFTER:
            # Sent again by the next look: this transaction holds the row the next attempt is counted on.
            _answered(session, deposit)
            return True
        return False
    _adopt(session, deposit, found, now)
    return True


def _send(session: Session, deposit: Deposit, chorus: Chorus, now: dt.datetime, today: dt.date) -> bool:
    """Send the file, having counted the attempt; say whether the portal took or refused it."""
    invoice = deposit.invoice
    if invoice.pdf is None:
        raise ValueError("what was asked to be deposited has an original")
    name, content = f"{invoice.number}.pdf", invoice.pdf.content
    if not _begin(session, deposit, now):
        return False
    try:
        flux, day = chorus.deposit(name, content)
    except NoAnswer as no:
        if not no.reached:
            _answered(session, deposit)
        raise
    except Denied as denied:
        _answered(session, deposit)
        if denied.access:
            raise
        _refuse(session, deposit, denied.sentence, now)
        return True
    _answered(session, deposit)
    deposit.state, deposit.flux, deposit.deposited_on = "deposited", flux, day or today
    return True


def _begin(session: Session, deposit: Deposit, now: dt.datetime) -> bool:
    """Count an attempt and commit it, apart from the caller's transaction; False where another one is under way."""
    with Session(session.get_bind()) as own, own.begin():
        claimed = own.execute(
            update(Deposit)
            .where(
                Deposit.id == deposit.id,
                Deposit.state == "wanted",
                Deposit.attempts_begun == Deposit.attempts_answered,
            )
            .values(attempts_begun=Deposit.attempts_begun + 1, begun_at=now)
            .returning(Deposit.id)
        ).first()
    return claimed is not None


def _answered(session: Session, deposit: Deposit) -> None:
    session.refresh(deposit, with_for_update=True)
    deposit.attempts_answered = deposit.attempts_begun


def _read_report(session: Session, deposit: Deposit, chorus: Chorus, now: dt.datetime) -> bool:
    """Read the report on the flux; say whether it is decided."""
    try:
        report = chorus.report(str(deposit.flux))
    except Denied as denied:
        if denied.access:
            raise
        # Just after a deposit the portal does not know its own flux yet; or somebody mistyped it.
        deposit.error = denied.sentence
        if found := chorus.find(number=str(deposit.invoice.number)):
            _adopt(session, deposit, found, now)
        return bool(found)
    if report.state == INTEGRATED and not _refused_in(report, str(deposit.invoice.number)):
        found = chorus.find(number=str(deposit.invoice.number))
        if found:
            _adopt(session, deposit, found, now)
        return bool(found)
    if report.state == REJECTED_FLUX or _refused_in(report, str(deposit.invoice.number)):
        # Refused as a duplicate: the first one is the invoice.
        if found := chorus.find(number=str(deposit.invoice.number)):
            _adopt(session, deposit, found, now)
        else:
            _refuse(session, deposit, report.reason, now)
        return True
    if report.state not in PENDING_FLUX:
        deposit.error = UNKNOWN_REPORT.format(state=report.state)
    return False


def _refused_in(report: Report, number: str) -> bool:
    return any(numbered in {"", number} for numbered, _ in report.errors)


def _read_history(session: Session, deposit: Deposit, chorus: Chorus, now: dt.datetime) -> bool:
    """Read what the invoice went through; say whether there was news."""
    if deposit.remote_id is None:
        found = chorus.find(number=str(deposit.invoice.number))
        if not found:
            return False
        _adopt(session, deposit, found, now)
    before = deposit.status
    current, said = chorus.history(int(deposit.remote_id or 0))
    news = [tell(session, deposit, code=one.code, at=one.at, comment=one.comment, by=PORTAL, now=now) for one in said]
    if current and current != deposit.status:
        # The list is paged: the current status may stand beyond its first page.
        tell(session, deposit, code=current, at=max(now, deposit.status_at or now), comment="", by=PORTAL, now=now)
    return any(news) or deposit.status != before


def _adopt(session: Session, deposit: Deposit, found: list[Found], now: dt.datetime) -> None:
    """Be the invoice the portal has under our number; one of another amount is somebody's mistake."""
    same = [one for one in found if one.gross is None or abs(one.gross) == deposit.invoice.gross]
    if not same:
        _refuse(session, deposit, OTHER_AMOUNT.format(amount=found[0].gross), now)
        return
    one = next((it for it in same if it.flux and it.flux == deposit.flux), same[0])
    session.refresh(deposit, with_for_update=True)
    deposit.attempts_answered = deposit.attempts_begun
    deposit.state, deposit.remote_id = "integrated", one.remote_id
    deposit.flux = one.flux or deposit.flux
    deposit.deposited_on = one.deposited_on or deposit.deposited_on
    if deposit.status_at is None:
        # Since when, the history will say: it is read next.
        deposit.status, deposit.comment = one.status or None, one.comment


def _refuse(session: Session, deposit: Deposit, reason: str, now: dt.datetime) -> None:
    session.refresh(deposit, with_for_update=True)
    deposit.attempts_answered = deposit.attempts_begun
    deposit.state, deposit.comment, deposit.status_at = "refused", reason, now


def _look_again(deposit: Deposit, now: dt.datetime, sentence: str, *, at_least: dt.timedelta) -> None:
    deposit.tries += 1
    deposit.error = sentence
    deposit.next_look_at = now + max(_pause(deposit), at_least)


def _pause(deposit: Deposit) -> dt.timedelta:
    return pause_after(deposit.tries, pending=deposit.state != "integrated" or deposit.status_at is None)


def due(session: Session, *, now: dt.datetime) -> list[Deposit]:
    """Return the deposits whose time has come."""
    return list(
        session.scalars(
            select(Deposit).where(Deposit.next_look_at.is_not(None), Deposit.next_look_at <= now).order_by(Deposit.id)
        )
    )
