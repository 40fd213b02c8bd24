"""A building changes hands: sale, merger of communes, transfer to an intercommunality; each keeps its own period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from contracts.sites.models import Building, Holding
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder


def sell(session: Session, building: Building, buyer: Shareholder, *, on: dt.date, act: str) -> Holding:
    """Let `buyer` hold `building` from local day `on`, by the deed `act`; what came before stays the seller's."""
    holding = _held(session, building, on)
    return _pass(session, holding, buyer, on, origin="sale", act=act)


def merge(session: Session, gone: Shareholder, into: Shareholder, *, on: dt.date, act: str) -> list[Holding]:
    """Let `into` (the new commune) hold from day `on` all that `gone` holds, by the decree `act` (CGCT L2113-2)."""
    return _pass_all(session, gone, into, None, on, origin="merger", act=act)


def transfer(
    session: Session,
    giver: Shareholder,
    receiver: Shareholder,
    buildings: Collection[int],
    *,
    on: dt.date,
    act: str,
) -> list[Holding]:
    """Let an intercommunality hold `buildings` of `giver` from day `on`, with the competence moved by `act`.

    CGCT L5211-5 and L1321-1: what serves a competence goes with it.
    """
    if receiver.kind not in {"intercommunality", "syndicate"}:
        raise Refusal(
            "{name} n'est ni une intercommunalité ni un syndicat ; un transfert de compétence se fait vers l'un d'eux.",
            field="receiver_id",
            name=receiver.name,
        )
    return _pass_all(session, giver, receiver, buildings, on, origin="transfer", act=act)


def _pass_all(
    session: Session,
    giver: Shareholder,
    receiver: Shareholder,
    buildings: Collection[int] | None,
    on: dt.date,
    *,
    origin: str,
    act: str,
) -> list[Holding]:
    query = select(Holding).where(Holding.shareholder_id == giver.id, Holding.period.contains(on))
    if buildings is not None:
        query = query.where(Holding.building_id.in_(buildings))
    holdings = session.scalars(query.order_by(Holding.id)).all()
    if not holdings:
        raise Refusal(
            "{name} ne détient rien de cela le {day} ; vérifiez la date.",
            field="on",
            name=giver.name,
            day=f"{on:%d/%m/%Y}",
        )
    return [_pass(session, holding, receiver, on, origin=origin, act=act) for holding in holdings]


def _held(session: Session, building: Building, on: dt.date) -> Holding:
    holding = session.scalar(select(Holding).where(Holding.building_id == building.id, Holding.period.contains(on)))
    if holding is None:
        raise Refusal(
            "Personne ne détient « {building} » le {day} ; enregistrez d'abord qui le détient.",
            field="on",
            building=building.name,
            day=f"{on:%d/%m/%Y}",
        )
    return holding


def _pass(session: Session, holding: Holding, to: Shareholder, on: dt.date, *, origin: str, act: str) -> Holding:
    """End `holding` on day `on` and begin that of `to`, as long as the first would have lasted."""
    if not act.strip():
        raise Refusal("Indiquez l'acte : sa nature, son numéro et sa date.", field="act")
    if holding.shareholder_id == to.id:
        raise Refusal("{name} détient déjà ce bâtiment ; choisissez une autre collectivité.", name=to.name)
    start, end = holding.period.lower, holding.period.upper
    if start is not None and start >= on:
        raise Refusal(
            "« {building} » n'est détenu que depuis le {day} ; choisissez un jour plus tard.",
            field="on",
            building=holding.building.name,
            day=f"{start:%d/%m/%Y}",
        )
    holding.period = Range(start, on)
    # The old period ends before the new one begins: the database allows one holder at a time.
    session.flush()
    began = Holding(building=holding.building, shareholder=to, period=Range(on, end), origin=origin, act=act.strip())
    session.add(began)
    session.flush()
    return began
