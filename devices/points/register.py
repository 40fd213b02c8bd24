"""Register metering points and measurement boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from devices.points.kinds import ENERGIES
from devices.points.models import BoundaryTerm, MeasurementBoundary, MeteringPoint
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from contracts.sites.models import Building

PRM_LENGTH = 14


def register_point(
    session: Session, building: Building, *, name: str, energy: str, identifier: str | None = None
) -> MeteringPoint:
    """Add a metering point to `building`; `identifier` is the operator's PRM or PCE, 14 digits, where there is one."""
    if energy not in ENERGIES:
        raise Refusal(
            f"L'énergie « {energy} » n'existe pas ici ; choisissez parmi {', '.join(ENERGIES)}.", field="energy"
        )
    if identifier is not None:
        _check_identifier(session, identifier)
    taken = select(MeteringPoint.id).where(MeteringPoint.building_id == building.id, MeteringPoint.name == name)
    if session.scalar(taken) is not None:
        raise Refusal(f"« {building.name} » a déjà un point nommé « {name} » ; donnez-lui un autre nom.", field="name")
    point = MeteringPoint(building=building, name=name, energy=energy, identifier=identifier)
    session.add(point)
    session.flush()
    return point


def _check_identifier(session: Session, identifier: str) -> None:
    if len(identifier) != PRM_LENGTH or not (identifier.isascii() and identifier.isdigit()):
        raise Refusal(
            f"« {identifier} » n'est pas un PRM ou un PCE : il faut {PRM_LENGTH} chiffres,"
            " que vous trouvez sur la facture du fournisseur.",
            field="identifier",
        )
    taken = session.scalar(select(MeteringPoint).where(MeteringPoint.identifier == identifier))
    if taken is not None:
        raise Refusal(
            f"Le point {identifier} est déjà enregistré (« {taken.name} », {taken.building.name}) ;"
            " vérifiez le numéro sur la facture.",
            field="identifier",
        )


def register_boundary(
    session: Session,
    *,
    name: str,
    energy: str,
    buildings: Sequence[Building],
    terms: Sequence[tuple[MeteringPoint, Decimal]],
    start: dt.date,
) -> MeasurementBoundary:
    """Add a boundary over `buildings`: the sum of `terms` (point, coefficient) from local day `start` on."""
    if not buildings or not terms:
        raise Refusal("Un périmètre de mesure couvre au moins un bâtiment et compte au moins un point.", field="terms")
    void = sorted(point.name for point, factor in terms if not factor)
    if void:
        raise Refusal(
            f"Un coefficient de zéro ne compte rien : laissez vide celui de {', '.join(void)}, ou corrigez-le.",
            field="terms",
        )
    strangers = sorted(point.name for point, _ in terms if point.energy != energy)
    if strangers:
        raise Refusal(
            f"Un périmètre compte une seule énergie ({energy}) : retirez {', '.join(strangers)},"
            " ou faites un périmètre par énergie.",
            field="terms",
        )
    if session.scalar(select(MeasurementBoundary.id).where(func.lower(MeasurementBoundary.name) == name.lower())):
        raise Refusal(f"Un périmètre se nomme déjà « {name} » ; donnez-lui un autre nom.", field="name")
    boundary = MeasurementBoundary(
        name=name,
        energy=energy,
        buildings=list(buildings),
        terms=[BoundaryTerm(point=point, coefficient=factor, period=Range(start, None)) for point, factor in terms],
    )
    session.add(boundary)
    session.flush()
    return boundary
