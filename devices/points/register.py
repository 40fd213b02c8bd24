"""Register metering points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from devices.points.kinds import KINDS
from devices.points.models import MeteringPoint
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.sites.models import Building

PRM_LENGTH = 14


def register_point(
    session: Session,
    building: Building,
    *,
    name: str,
    energy: str,
    identifier: str | None = None,
    direction: str | None = None,
) -> MeteringPoint:
    """Add a metering point to `building`; `identifier` is the operator's PRM or PCE, 14 digits, where there is one.

    Without `direction` the energy says it: what the sun gives is produced, the rest is drawn.
    """
    ways = [kind.direction for kind in KINDS.values() if kind.energy == energy]
    if not ways:
        energies = ", ".join(sorted({kind.energy for kind in KINDS.values()}))
        raise Refusal(
            "L'énergie « {energy} » n'existe pas ici ; choisissez parmi {energies}.",
            field="energy",
            energy=energy,
            energies=energies,
        )
    direction = direction or ways[0]
    if direction not in ways:
        raise Refusal(
            "Cette énergie ne se compte pas dans ce sens ; choisissez ce que compte le point.", field="energy"
        )
    if identifier is not None:
        _check_identifier(session, identifier, direction)
    taken = select(MeteringPoint.id).where(MeteringPoint.building_id == building.id, MeteringPoint.name == name)
    if session.scalar(taken) is not None:
        raise Refusal(
            "« {building} » a déjà un point nommé « {name} » ; donnez-lui un autre nom.",
            field="name",
            building=building.name,
            name=name,
        )
    point = MeteringPoint(building=building, name=name, energy=energy, direction=direction, identifier=identifier)
    session.add(point)
    session.flush()
    return point


def _check_identifier(session: Session, identifier: str, direction: str) -> None:
    if len(identifier) != PRM_LENGTH or not (identifier.isascii() and identifier.isdigit()):
        raise Refusal(
            "« {identifier} » n'est pas un PRM ou un PCE : il faut {digits} chiffres, que vous trouvez sur "
            "la facture du fournisseur.",
            field="identifier",
            identifier=identifier,
            digits=PRM_LENGTH,
        )
    taken = point_of(session, identifier, direction)
    if taken is not None:
        raise Refusal(
            "Le point {identifier} est déjà enregistré (« {name} », {building}) ; vérifiez le numéro sur la facture.",
            field="identifier",
            identifier=identifier,
            name=taken.name,
            building=taken.building.name,
        )


def point_of(session: Session, identifier: str, direction: str = "import") -> MeteringPoint | None:
    """Return the point the operator calls `identifier`; one PRM counts both ways, each in a point of its own."""
    query = select(MeteringPoint).where(MeteringPoint.identifier == identifier, MeteringPoint.direction == direction)
    return session.scalar(query)
