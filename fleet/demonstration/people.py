"""Who and what there is: the SPL, its shareholders, what they hold, what counts there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select

from contracts.parties.models import Company, Shareholder
from contracts.parties.register import add_budget, register_shareholder, set_company
from contracts.sites.register import hold, register_building, register_site
from devices.inventory.catalogue import model_named
from devices.inventory.register import install, register_device
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from fleet.demonstration.municipalities import COMPANY, MUNICIPALITIES
from fleet.demonstration.timeline import ZONE
from foundation.money import split
from foundation.time import local_midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from contracts.sites.models import Building as Registered
    from fleet.demonstration.metering import Indexes, Meter
    from fleet.demonstration.municipalities import Municipality

HELD_SINCE = dt.date(2001, 1, 1)
ENERGY = {"electricity": "électricité", "gas": "gaz", "heat": "chaleur"}
HAS_AN_OPERATOR_NUMBER = {"electricity", "gas"}


def found_company(session: Session) -> None:
    """Say who the SPL is, once."""
    if session.get(Company, 1) is None:
        set_company(
            session,
            name=COMPANY.name,
            share_capital=Decimal(COMPANY.capital_euros),
            siret=COMPANY.siret,
            trade_register=f"RCS fictif {COMPANY.siren}",
            street=COMPANY.address,
            postcode=COMPANY.postal_code,
            city=COMPANY.city,
            email="contact@spl.example",
            iban=COMPANY.iban,
            bic=COMPANY.bic,
            synthetic=True,
        )


def is_founded(session: Session, town: Municipality) -> bool:
    """Tell whether `town` and all it holds are registered."""
    return session.scalar(select(Shareholder.id).where(Shareholder.siren == town.siren)) is not None


def found_municipality(
    session: Session, town: Municipality, meters: Iterable[Meter], opening: Mapping[Meter, Indexes], start: dt.date
) -> None:
    """Register `town`, its buildings, `meters` and sensors as they stood on local day `start`.

    `opening` gives the indexes (Wh) each meter starts from. All in the caller's transaction: half a town never stays.
    """
    shareholder = register_shareholder(
        session,
        name=f"Commune de {town.name}",
        siren=town.siren,
        street=town.address,
        postcode=town.postal_code,
        city=town.name,
        insee_code=town.insee,
        email=f"mairie@{town.key}.example",
        synthetic=True,
        capital=split(Decimal(COMPANY.capital_euros), [1] * len(MUNICIPALITIES))[MUNICIPALITIES.index(town)],
        since=HELD_SINCE,
    )
    add_budget(
        session,
        shareholder,
        siret=town.siret,
        service_code="ENERGIE",
        commitment_number=f"{start.year + 2}-{town.insee}",
    )
    held: dict[str, Registered] = {}
    for meter in meters:
        if meter.building.key not in held:
            held[meter.building.key] = _building(session, shareholder, town, meter)
        _meter(session, held[meter.building.key], meter, Decimal(int(opening[meter][0])) / 1000, start)


def _building(session: Session, shareholder: Shareholder, town: Municipality, meter: Meter) -> Registered:
    told = meter.building
    site = register_site(
        session,
        name=told.name,
        city=town.name,
        timezone=ZONE.key,
        street=told.address,
        postcode=town.postal_code,
        synthetic=True,
    )
    building = register_building(session, site, name=told.name, use=told.use.name, floor_area_m2=Decimal(told.area))
    hold(session, building, shareholder, start=max(HELD_SINCE, dt.date(told.built, 1, 1)))
    return building


def _meter(session: Session, building: Registered, meter: Meter, opening: Decimal, start: dt.date) -> None:
    """Register the metering point, the boundary that consists of it, and the sensor that reads it."""
    energy = ENERGY[meter.energy]
    point = register_point(
        session,
        building,
        name=f"Compteur général {energy}",
        energy=meter.energy,
        identifier=meter.reference if meter.energy in HAS_AN_OPERATOR_NUMBER else None,
    )
    register_boundary(
        session,
        name=boundary_name(meter),
        energy=meter.energy,
        buildings=[building],
        terms=[(point, Decimal(1))],
        start=start,
    )
    model = model_named(
        session, maker="Démonstration", name="Capteur d'index (synthétique)", register_size=Decimal(10) ** 9
    )
    device = register_device(session, serial=meter.sensor, model=model)
    install(session, device, point, at=local_midnight(start, ZONE), opening_index=opening)


def boundary_name(meter: Meter) -> str:
    """Return the name of the boundary of `meter`: how the rest of the story finds it again."""
    return f"{meter.building.name} – {ENERGY[meter.energy]}"
