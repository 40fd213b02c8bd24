"""Find sites, buildings, points, devices, agreements and invoices by any part of what they are called.

Accents and capitals do not count. A reader finds what it may see: row-level security decides, as on every page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, or_, select

from billing.invoices.models import Invoice
from contracts.agreements.models import Agreement
from contracts.parties.models import Shareholder
from contracts.sites.models import Building, Site
from devices.inventory.models import Device, DeviceModel
from devices.points.models import MeteringPoint
from fleet.desk.words import fold, folded, words_of
from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Select, SQLColumnExpression
    from sqlalchemy.orm import Session

MOST_HITS = 100
"""Of one kind."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: where its page is, what it is called, and what tells it from its like."""

    route: str
    id: int
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of thing: its word, who may look for it, its page, the columns it is known by, how it is said."""

    word: str
    permission: Permission
    route: str
    known_by: tuple[SQLColumnExpression[Any], ...]
    """The first is its name: what begins with the question comes first."""
    query: Select[int, Any, Any]
    """Number, name, note."""


KINDS = (
    Kind(
        N_("Collectivités"),
        Permission.SEE_CONTRACTS,
        "shareholder",
        (Shareholder.name, Shareholder.siren),
        select(Shareholder.id, Shareholder.name, Shareholder.siren),
    ),
    Kind(
        N_("Sites"),
        Permission.SEE_SITES,
        "site",
        (Site.name, Site.city, Site.street),
        select(Site.id, Site.name, Site.city),
    ),
    Kind(
        N_("Bâtiments"),
        Permission.SEE_SITES,
        "building",
        (Building.name, Building.use, Site.city),
        select(Building.id, Building.name, func.concat_ws(" · ", Building.use, Site.city)).join(Building.site),
    ),
    Kind(
        N_("Points de mesure"),
        Permission.SEE_MEASUREMENTS,
        "point",
        (MeteringPoint.name, MeteringPoint.identifier, Building.name),
        select(
            MeteringPoint.id, MeteringPoint.name, func.concat_ws(" · ", Building.name, MeteringPoint.identifier)
        ).join(MeteringPoint.building),
    ),
    Kind(
        N_("Capteurs"),
        Permission.SEE_DEVICES,
        "device",
        (Device.serial, DeviceModel.maker, DeviceModel.name),
        select(Device.id, Device.serial, func.concat_ws(" ", DeviceModel.maker, DeviceModel.name))
        .outerjoin(Device.model)
        .where(~Device.serial.contains("/", autoescape=True)),
    ),
    Kind(
        N_("Accords"),
        Permission.SEE_CONTRACTS,
        "agreement",
        (Agreement.number, Agreement.title, Shareholder.name),
        select(Agreement.id, Agreement.number, func.concat_ws(" · ", Agreement.title, Shareholder.name)).join(
            Agreement.shareholder
        ),
    ),
    Kind(
        N_("Factures"),
        Permission.SEE_BILLING,
        "invoice",
        (Invoice.number, Shareholder.name),
        select(Invoice.id, Invoice.number, Shareholder.name)
        .join(Shareholder, Shareholder.id == Invoice.shareholder_id)
        .where(Invoice.number.is_not(None)),
    ),
)


def find(
    session: Session, question: str, may: Callable[[Permission], bool], most: int
) -> list[tuple[Kind, list[Hit], int]]:
    """Return by kind what matches every word of `question`: `most` of them, and how many there are."""
    words = words_of(question)
    if not words:
        return []
    found = []
    for kind in KINDS:
        if not may(kind.permission):
            continue
        known_by = [folded(column) for column in kind.known_by]
        query = kind.query
        for word in words:
            query = query.where(or_(*(column.contains(word, autoescape=True) for column in known_by)))
        count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        if count:
            begins = case((known_by[0].startswith(words[0], autoescape=True), 0), else_=1)
            rows = session.execute(query.order_by(begins, kind.known_by[0], query.selected_columns[0]).limit(most))
            found.append((kind, [Hit(kind.route, number, name, note or "") for number, name, note in rows], count))
    return found


def marked(text: str, question: str) -> list[tuple[str, bool]]:
    """Return `text` cut where a word of `question` stands in it: pieces, each with whether it was asked for."""
    words = words_of(question)
    if not words or len(fold(text)) != len(text):
        return [(text, False)]
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pieces, last = [], 0
    for hit in re.finditer(pattern, fold(text)):
        pieces += [(text[last : hit.start()], False), (text[hit.start() : hit.end()], True)]
        last = hit.end()
    return [(piece, asked) for piece, asked in [*pieces, (text[last:], False)] if piece]
