"""Plan visits: who goes where, when, to do what; and what the site demands of who goes there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from devices.dialects.quantities import WORDS as QUANTITIES
from devices.field.models import Authorisation, SiteSheet, Visit, VisitTask
from devices.field.words import ASBESTOS, AUTHORISATIONS, PLACES, TASKS
from devices.inventory.models import Installation
from foundation.errors import Refusal
from foundation.people import people

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from contracts.sites.models import Site
    from devices.points.models import MeteringPoint

OPEN = frozenset({"planned", "started"})
GOES = frozenset({"technician", "operator"})
"""Roles of who may be sent."""


def plan_visit(
    session: Session,
    site: Site,
    *,
    planned_on: dt.date,
    technician_id: int,
    by: str,
    today: dt.date,
    instructions: str = "",
) -> Visit:
    """Send a technician to `site` on a day from `today` on; its tasks are added one by one."""
    if planned_on < today:
        raise Refusal("Une visite se prévoit aujourd'hui ou plus tard ; corrigez la date.", field="planned_on")
    visit = Visit(
        site=site,
        planned_on=planned_on,
        technician_id=technician_id,
        technician=_name_of(session, technician_id),
        instructions=instructions,
        planned_by=by,
    )
    session.add(visit)
    session.flush()
    return visit


def _name_of(session: Session, account_id: int) -> str:
    for person in people(session):
        if person.account_id == account_id and person.role in GOES:
            return person.name
    raise Refusal("Choisissez qui fait la visite parmi les techniciens et les gestionnaires.", field="technician_id")


def add_task(
    session: Session,
    visit: Visit,
    point: MeteringPoint,
    *,
    kind: str,
    place: str = "",
    channel: str = "index",
    quantity: str = "energy_index",
    factor: Decimal = Decimal(1),
    shows_dial: bool = True,
    note: str = "",
) -> VisitTask:
    """Add something to do on `point` to a visit nobody has ended."""
    if visit.state not in OPEN:
        raise Refusal("Cette visite est terminée ou annulée ; prévoyez-en une autre.")
    if point.building.site_id != visit.site_id:
        raise Refusal("Ce point n'est pas sur le site de la visite ; choisissez un point du site.", field="point_id")
    if kind not in TASKS or place not in PLACES or quantity not in QUANTITIES:
        raise Refusal("Choisissez dans la liste ce qu'il y a à faire, à quel endroit et ce qui est mesuré.")
    if factor <= 0:
        raise Refusal("Le poids d'impulsion est plus grand que zéro ; écrivez 1 s'il n'y en a pas.", field="factor")
    in_place = in_place_on(session, point)
    served = [one for one in in_place if one.quantity == quantity]
    if kind == "install" and served:
        raise Refusal(
            "Le capteur {serial} mesure déjà ce point ; prévoyez un remplacement.",
            field="kind",
            serial=served[0].device.serial,
        )
    if kind != "install":
        if not in_place:
            raise Refusal("Aucun capteur n'est posé sur ce point ; prévoyez une pose.", field="kind")
        now_there = (served or in_place)[0]
        channel, quantity, factor = now_there.channel, now_there.quantity, now_there.factor
    task = VisitTask(
        visit=visit,
        kind=kind,
        point=point,
        place=place,
        channel=channel,
        quantity=quantity,
        factor=factor,
        shows_dial=shows_dial,
        note=note,
    )
    session.add(task)
    session.flush()
    return task


def in_place_on(session: Session, point: MeteringPoint) -> list[Installation]:
    """Return the installations on `point` nobody has ended; files of people and networks are none."""
    rows = session.scalars(select(Installation).where(Installation.point_id == point.id).order_by(Installation.id))
    return [one for one in rows if one.period.upper is None and "/" not in one.device.serial]


def cancel(session: Session, visit: Visit) -> Visit:
    """Call a visit off; a phone that carries it forgets it when it next connects."""
    session.refresh(visit, with_for_update=True)
    if visit.state not in OPEN:
        raise Refusal("Cette visite est déjà terminée ou annulée.")
    visit.state = "cancelled"
    session.flush()
    return visit


def reassign(session: Session, visit: Visit, *, planned_on: dt.date, technician_id: int, today: dt.date) -> Visit:
    """Move a visit nobody has begun to another day or another technician."""
    session.refresh(visit, with_for_update=True)
    if visit.state != "planned":
        raise Refusal("Seule une visite que personne n'a commencée se déplace.")
    if planned_on < today:
        raise Refusal("Une visite se prévoit aujourd'hui ou plus tard ; corrigez la date.", field="planned_on")
    visit.planned_on, visit.technician_id = planned_on, technician_id
    visit.technician = _name_of(session, technician_id)
    session.flush()
    return visit


def write_sheet(session: Session, site: Site, *, by: str, now: dt.datetime, asbestos: str, **told: str) -> SiteSheet:
    """Write what who goes to `site` must know: keys, alarm, opening_hours, contact, phone, height_risk, explosion_risk.

    What it said before stays in the history.
    """
    if asbestos not in ASBESTOS:
        raise Refusal("Choisissez dans la liste ce que l'on sait du dossier amiante.", field="asbestos")
    sheet = sheet_of(session, site.id) or SiteSheet(site_id=site.id)
    for name, words in (told | {"asbestos": asbestos, "written_by": by}).items():
        setattr(sheet, name, words)
    sheet.written_at = now
    session.add(sheet)
    session.flush()
    return sheet


def sheet_of(session: Session, site_id: int) -> SiteSheet | None:
    """Return what is written about a site, or None."""
    return session.scalar(select(SiteSheet).where(SiteSheet.site_id == site_id))


def authorise(
    session: Session,
    *,
    account_id: int,
    kind: str,
    start: dt.date,
    end: dt.date,
    by: str,
    level: str = "",
    reference: str = "",
) -> Authorisation:
    """Record that a technician may work on `kind` during [start, end) of local days."""
    if kind not in AUTHORISATIONS:
        raise Refusal("Choisissez l'habilitation dans la liste.", field="kind")
    if end <= start:
        raise Refusal("Une habilitation finit après avoir commencé ; corrigez l'une des deux dates.", field="end")
    row = Authorisation(
        account_id=account_id,
        holder=_name_of(session, account_id),
        kind=kind,
        level=level,
        reference=reference,
        period=Range(start, end),
        recorded_by=by,
    )
    session.add(row)
    session.flush()
    return row


def withdraw(session: Session, authorisation: Authorisation, *, on: dt.date) -> Authorisation:
    """End an authorisation before local day `on`."""
    start, end = authorisation.period.lower, authorisation.period.upper
    if start is None or end is None or not start < on < end:
        raise Refusal("Cette habilitation n'est pas en cours à cette date ; il n'y a rien à retirer.", field="on")
    authorisation.period = Range(start, on)
    session.flush()
    return authorisation
