"""A site with a school, a technician, sensors in every state, and a visit: what tests of the field begin with."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PIL import Image

from contracts.parties.register import register_shareholder
from contracts.sites.register import hold, register_building, register_site
from devices.field.photos import keep_photo
from devices.field.submissions import Envelope, receive
from devices.field.visits import add_task, plan_visit, write_sheet
from devices.inventory.catalogue import register_model
from devices.inventory.register import install, register_device
from devices.points.register import register_point
from fleet.accounts.models import Account
from fleet.accounts.register import create_account
from fleet.web.people import people_of_accounts
from foundation.actors import Actor, Role
from foundation.people import people_come_from

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.sites.models import Site
    from devices.field.models import Submission, Visit, VisitTask
    from devices.inventory.models import Device
    from devices.points.models import MeteringPoint

PASSWORD = "une phrase pour entrer"
TODAY = dt.date(2026, 3, 10)
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
NEW, OTHER = "70b3d5499f000001", "70b3d5499f000002"
SIGNATURE = [[[10, 10], [500, 200], [900, 300]]]


@dataclass
class Field:
    """What there is."""

    site: Site
    point: MeteringPoint
    second: MeteringPoint
    people: dict[str, Account]
    devices: dict[str, Device]

    def actor(self, who: str = "tom") -> Actor:
        """Return `who` as actor."""
        one = self.people[who]
        return Actor(Role(one.role), one.id, None, one.name)


def open_field(session: Session, *, sign_in: bool = False) -> Field:
    """Register the site, the people and one sensor in each state; `sign_in`: they have a password."""
    people_come_from(people_of_accounts)
    town, stranger = (
        register_shareholder(session, name=name, siren=siren, street="1 place", postcode="56000", city=name)
        for name, siren in (("Kerfield", "200000032"), ("Loin", "200000040"))
    )
    site = register_site(
        session, name="École de Kermelo", city="Kermelo", postcode="56000", street="2 rue", timezone="Europe/Paris"
    )
    school = register_building(session, site, name="Élémentaire", use="école")
    hold(session, school, town, start=dt.date(2020, 1, 1))
    point = register_point(session, school, name="Général", energy="electricity", identifier="14500000000001")
    second = register_point(session, school, name="Cantine", energy="electricity")
    model = register_model(session, maker="Usine", name="Pulse", expected_every=dt.timedelta(minutes=10))
    devices = {
        name: register_device(session, serial=serial, model=model, owner=owner)
        for name, serial, owner in (
            ("new", NEW, None),
            ("other", OTHER, None),
            ("lost", "70b3d5499f000003", None),
            ("retired", "70b3d5499f000004", None),
            ("foreign", "70b3d5499f000005", stranger),
            ("placed", "70b3d5499f000006", None),
        )
    }
    devices["lost"].state, devices["retired"].state = "lost", "retired"
    install(session, devices["placed"], second, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    people = {
        who: create_account(
            session, email=f"{who}@terrain.example", name=who.capitalize(), role=role, password=PASSWORD
        )
        if sign_in
        else Account(email=f"{who}@terrain.example", name=who.capitalize(), role=role, password_hash="")
        for who, role in (("tom", "technician"), ("zoe", "technician"), ("claire", "operator"))
    }
    session.add_all(people.values())
    session.flush()
    return Field(site, point, second, people, devices)


def visit_for(
    session: Session, field: Field, *tasks: dict[str, Any], who: str = "tom", today: dt.date = TODAY
) -> tuple[Visit, list[VisitTask]]:
    """Plan a visit of `who` with `tasks` (keyword arguments of add_task, `point` by default the first)."""
    write_sheet(
        session,
        field.site,
        by="Claire",
        now=NOW,
        asbestos="unknown",
        keys="Mairie, Mme Le Goff",
        alarm="1234 puis A",
        opening_hours="8 h 30 à 16 h 30",
        contact="M. Le Bris",
        phone="02 97 00 00 00",
    )
    visit = plan_visit(
        session,
        field.site,
        planned_on=today,
        technician_id=field.people[who].id,
        by="Claire",
        today=today,
        instructions="Sonner à la porte bleue.",
    )
    made = [add_task(session, visit, one.pop("point", field.point), **one) for one in tasks]
    return visit, made


def key() -> str:
    """Return a key as a phone makes them."""
    return str(uuid.uuid4())


def picture(shade: int = 120, size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a small JPEG."""
    written = io.BytesIO()
    Image.new("RGB", size, (shade, 90, 60)).save(written, "JPEG")
    return written.getvalue()


def send(
    session: Session,
    field: Field,
    kind: str,
    said: dict[str, Any],
    *,
    visit: Visit | None = None,
    task: VisitTask | None = None,
    who: str = "tom",
    at: dt.datetime = NOW,
    now: dt.datetime | None = None,
    based_on: dt.datetime | None = None,
    number: str | None = None,
    photographed: bool = True,
) -> Submission:
    """Send what a phone would, with a photo of the dial; return what became of it."""
    actor, number = field.actor(who), number or key()
    now = now or at
    if photographed:
        content = picture(len(number) + sum(number.encode()) % 100)
        digest = hashlib.sha256(content).hexdigest()
        keep_photo(
            session,
            content,
            key=number,
            kind="dial",
            sha256=digest,
            account_id=actor.account_id or 0,
            taken_at=at,
            latitude=47.6,
            longitude=-3.1,
        )
        said = said | {"photos": [digest]}
    envelope = Envelope(
        key=number,
        kind=kind,
        visit_id=visit.id if visit else None,
        task_id=task.id if task else None,
        done_at=at,
        based_on=based_on or at - dt.timedelta(hours=2),
        app_version="essai",
        place={"latitude": 47.65, "longitude": -3.2},
        said=said,
    )
    return receive(session, envelope, actor=actor, sent_at=now, now=now)


INSTALLED = {"serial": NEW, "dial": "12345.6", "meter_serial": "C1", "pulse_weight": "1", "ct_ratio": "1"}
HALF = Decimal("0.5")
