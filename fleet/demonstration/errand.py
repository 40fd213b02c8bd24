"""A visit for the technician: a site to go to, a sensor to replace, two in stock, and a valid authorisation."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from devices.field.models import Visit
from devices.field.visits import add_task, authorise, plan_visit, write_sheet
from devices.inventory.catalogue import model_named
from devices.inventory.models import Device, Installation
from devices.inventory.register import register_device
from fleet.web.people import people_of_accounts
from foundation.actors import Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from foundation.jobs.queue import Moment

IN_STOCK = ("demo-stock-0001", "demo-stock-0002")
BY = "Opératrice de la SPL"


def send_technician(session: Session, moment: Moment) -> bool:
    """Plan the visit, once; False where it was, or where nobody can go anywhere yet."""
    someone = next((one for one in people_of_accounts(session) if one.role is Role.TECHNICIAN), None)
    installed = session.scalars(select(Installation).order_by(Installation.id)).first()
    if someone is None or installed is None or session.scalars(select(Visit.id)).first() is not None:
        return False
    model = model_named(session, maker="Démonstration", name="Capteur d'index (synthétique)")
    for serial in IN_STOCK:
        if session.scalar(select(Device.id).where(Device.serial == serial)) is None:
            register_device(session, serial=serial, model=model, by=BY)
    site = installed.point.building.site
    write_sheet(
        session,
        site,
        by=BY,
        now=moment.now,
        asbestos="unknown",
        keys="À l'accueil, contre signature",
        alarm="Code 1234, boîtier à gauche de l'entrée",
        opening_hours="8 h 30 à 17 h",
        contact="Le gardien",
        phone="02 00 00 00 00",
    )
    year = dt.timedelta(days=365)
    authorise(
        session,
        account_id=someone.account_id,
        kind="electrical",
        level="BS",
        start=moment.today - year,
        end=moment.today + year,
        by=BY,
    )
    visit = plan_visit(
        session, site, planned_on=moment.today, technician_id=someone.account_id, by=BY, today=moment.today
    )
    add_task(session, visit, installed.point, kind="swap", place="switchboard", note="Pile faible depuis une semaine")
    return True
