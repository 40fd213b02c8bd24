"""Who owns how much of the SPL's capital, from when to when (CGCT L1531-1: public bodies only, two at least)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from contracts.parties.models import CapitalShare, Company, Shareholder
from foundation.errors import Refusal
from foundation.messages import N_
from foundation.money import euros

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from contracts.parties.models import Budget


@dataclass(frozen=True, slots=True)
class Capital:
    """The capital as it is owned on a day, euros."""

    shares: list[tuple[Shareholder, Decimal]]
    whole: Decimal
    """What the SPL says its capital is; zero where it did not say yet."""

    @property
    def owned(self) -> Decimal:
        """Return the sum of the shares."""
        return sum((amount for _, amount in self.shares), Decimal("0.00"))

    @property
    def remarks(self) -> list[str]:
        """Return what is wrong with it, in French sentences; nothing where the shares make the whole capital."""
        found = []
        if self.owned != self.whole:
            found.append(N_("Les parts enregistrées ne font pas le capital entier ; complétez-les ou corrigez-les."))
        if len(self.shares) < 2:
            found.append(N_("Une SPL a au moins deux actionnaires (CGCT, L1531-1) ; enregistrez leurs parts."))
        return found


def capital_on(session: Session, day: dt.date) -> Capital:
    """Return who owns what of the capital on `day`, the largest first."""
    rows = session.scalars(
        select(CapitalShare)
        .join(Shareholder)
        .where(CapitalShare.period.contains(day))
        .order_by(CapitalShare.amount.desc(), Shareholder.name)
    )
    company = session.get(Company, 1)
    return Capital([(row.shareholder, row.amount) for row in rows], company.share_capital if company else Decimal(0))


def acquire(
    session: Session, shareholder: Shareholder, *, amount: Decimal, start: dt.date, act: str = ""
) -> CapitalShare:
    """Say that `shareholder` owns `amount` euros of the capital from `start` on: statutes, or an increase.

    What it owned before ends on that day. Refused where all shares together would exceed the SPL's capital.
    """
    amount = euros(amount)
    if amount <= 0:
        raise Refusal("Une part de capital est un montant supérieur à zéro ; écrivez-le en euros.", field="amount")
    _close(session, shareholder, start)
    share = CapitalShare(shareholder=shareholder, period=Range(start, None), amount=amount, act=act.strip())
    session.add(share)
    session.flush()
    capital = capital_on(session, start)
    if session.get(Company, 1) is not None and capital.owned > capital.whole:
        raise Refusal(
            "Les parts feraient {owned} € pour un capital de {whole} € ; corrigez ce montant, ou d'abord le capital"
            " de la SPL.",
            field="amount",
            owned=capital.owned,
            whole=capital.whole,
        )
    return share


def cede(
    session: Session, seller: Shareholder, buyer: Shareholder, *, amount: Decimal, on: dt.date, act: str = ""
) -> None:
    """Move `amount` euros of capital from `seller` to `buyer` from day `on`: what all own together stays the same."""
    if seller is buyer:
        raise Refusal("Le vendeur et l'acheteur sont la même collectivité ; choisissez-en une autre.", field="buyer")
    before = owned_on(session, seller, on)
    if not 0 < amount <= before:
        raise Refusal(
            "{name} possède {before} € de capital le {day} ; cédez un montant qui ne le dépasse pas.",
            field="amount",
            name=seller.name,
            before=before,
            day=f"{on:%d/%m/%Y}",
        )
    bought = owned_on(session, buyer, on) + amount
    _close(session, seller, on)
    if before - amount:
        session.add(CapitalShare(shareholder=seller, period=Range(on, None), amount=before - amount, act=act.strip()))
    acquire(session, buyer, amount=bought, start=on, act=act)


def owned_on(session: Session, shareholder: Shareholder, day: dt.date) -> Decimal:
    """Return the euros of capital `shareholder` owns on `day`, zero where it is none."""
    return session.scalar(
        select(CapitalShare.amount).where(
            CapitalShare.shareholder_id == shareholder.id, CapitalShare.period.contains(day)
        )
    ) or Decimal("0.00")


def demand_payer_is_shareholder(session: Session, budget: Budget, day: dt.date) -> None:
    """Refuse a payer that owns nothing of the SPL on `day`: in-house service is for shareholders (CCP L2511-1).

    A budget with a legal personality of its own (CCAS, régie personnalisée) is a person beside its municipality.
    """
    payer: Shareholder | None = budget.shareholder
    if budget.legal_personality:
        payer = session.scalar(select(Shareholder).where(Shareholder.siren == budget.siret[:9]))
    if payer is None:
        raise Refusal(
            "« {budget} » a sa propre personnalité morale et n'est pas actionnaire de la SPL"
            " ; faites payer un budget"
            " de la collectivité.",
            field="budget_id",
            budget=budget.name,
        )
    if not owned_on(session, payer, day):
        raise Refusal(
            "{name} n'est pas actionnaire de la SPL le {day} ; enregistrez sa part de"
            " capital sur sa page, ou changez"
            " la date.",
            field="signed_on",
            name=payer.name,
            day=f"{day:%d/%m/%Y}",
        )


def leave_capital(session: Session, shareholder: Shareholder, on: dt.date) -> None:
    """Say that `shareholder` owns nothing any more from day `on`."""
    _close(session, shareholder, on)
    session.flush()


def _close(session: Session, shareholder: Shareholder, on: dt.date) -> None:
    """End what `shareholder` owns on day `on`; refuse a day before what is recorded already."""
    rows = session.scalars(
        select(CapitalShare)
        .where(CapitalShare.shareholder_id == shareholder.id)
        .order_by(CapitalShare.period)
        .with_for_update()
    ).all()
    for row in rows:
        if row.period.lower is not None and row.period.lower >= on:
            raise Refusal(
                "La part de {name} est déjà enregistrée depuis le {day} ; choisissez un jour plus tard.",
                field="start",
                name=shareholder.name,
                day=f"{row.period.lower:%d/%m/%Y}",
            )
        if row.period.upper is None or row.period.upper > on:
            row.period = Range(row.period.lower, on)
    session.flush()
