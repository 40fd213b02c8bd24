"""A list of metering points as a municipality fills it in: where, what, PRM or PCE, who pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from contracts.parties.models import Shareholder
from contracts.sites.models import Building, Site
from devices.points.kinds import KINDS, kind_of
from devices.points.lists.intake import List
from devices.points.lists.sheet import Column, day_in, number_in
from devices.points.models import MeteringPoint
from devices.points.payments import set_payment, subscribe_power
from devices.points.register import register_point
from foundation.errors import Refusal
from foundation.identifiers import check_siren
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from devices.points.lists.sheet import Row

KIND_WORDS: Final = {
    "electricite": "electricity",
    "injection": "electricity_export",
    "photovoltaique": "photovoltaic",
    "gaz": "gas",
    "chaleur": "heat",
    "eau": "water",
    "solaire_thermique": "solar_thermal",
    "ambiance": "ambient",
}
CONTRACT_WORDS: Final = {
    "fourniture": "supply",
    "prix_fixe": "fixed_price",
    "interessement": "profit_share",
    "refacture": "recharged",
}
COLUMNS: Final = (
    Column("ville", N_("Ville du site."), "Kermelo", True),
    Column("site", N_("Nom du site, comme il est enregistré."), "Groupe scolaire", True),
    Column("batiment", N_("Nom du bâtiment, comme il est enregistré."), "École élémentaire", True),
    Column("nom", N_("Nom du point : compteur général, chaufferie…"), "Compteur général", True),
    Column("nature", " / ".join(KIND_WORDS), "electricite", True),
    Column("prm_ou_pce", N_("14 chiffres, sur la facture ; vide pour un sous-compteur."), "12345678901234"),
    Column("puissance", N_("Puissance souscrite, si elle est connue."), "36"),
    Column("unite", "kVA / kW", "kVA"),
    Column(
        "payeur_siren", N_("SIREN de la collectivité qui paie l'énergie ; vide si vous ne le savez pas."), "200000016"
    ),
    Column("contrat", " / ".join(CONTRACT_WORDS), "fourniture"),
    Column("fournisseur", N_("Fournisseur ou exploitant."), "Fournisseur"),
    Column("depuis", N_("Premier jour du contrat et de la puissance."), "01/01/2026"),
)


def _take(session: Session, row: Row) -> bool:
    cells = row.cells
    building = _building(session, cells["ville"], cells["site"], cells["batiment"])
    kind = KIND_WORDS.get(cells["nature"].lower())
    if kind is None:
        raise Refusal(
            "« {written} » n'est pas une nature de point ; écrivez {known}.",
            written=cells["nature"],
            known=", ".join(KIND_WORDS),
        )
    identifier = "".join(cells["prm_ou_pce"].split()) or None
    point = session.scalar(
        select(MeteringPoint).where(MeteringPoint.building_id == building.id, MeteringPoint.name == cells["nom"])
    )
    if new := point is None:
        energy, direction, _ = KINDS[kind]
        point = register_point(
            session, building, name=cells["nom"], energy=energy, direction=direction, identifier=identifier
        )
    elif (kind_of(point.energy, point.direction), point.identifier) != (kind, identifier):
        raise Refusal(
            "« {building} » a déjà un point « {point} », d'une autre nature ou d'un autre numéro ({identifier})"
            " ; corrigez le fichier, ou donnez-lui un autre nom.",
            building=building.name,
            point=point.name,
            identifier=point.identifier or "sans numéro",
        )
    since = day_in(row, "depuis")
    power_is_new = _power(session, point, row, since)
    return _payer(session, point, row, since) or power_is_new or new


def _building(session: Session, city: str, site: str, name: str) -> Building:
    query = select(Building).join(Site).where(Site.city == city, Site.name == site, Building.name == name)
    building = session.scalar(query)
    if building is None:
        raise Refusal(
            "Aucun bâtiment « {name} » sur le site « {site} » à {city} ; enregistrez-le d'abord.",
            name=name,
            site=site,
            city=city,
        )
    return building


def _power(session: Session, point: MeteringPoint, row: Row, since: dt.date | None) -> bool:
    """Say the subscribed power of the row; return whether that is new."""
    power = number_in(row, "puissance")
    if power is None:
        return False
    if since is None:
        raise Refusal("Une puissance souscrite a un premier jour ; remplissez « depuis ».")
    unit = row.cells["unite"]
    for one in point.subscriptions:
        if one.period.contains(since) and (one.power, one.unit) == (power, unit):
            return False
    subscribe_power(session, point, power=power, unit=unit, start=since)
    return True


def _payer(session: Session, point: MeteringPoint, row: Row, since: dt.date | None) -> bool:
    """Say who pays according to the row; return whether that is new."""
    siren, written = row.cells["payeur_siren"], row.cells["contrat"].lower()
    if not siren and not written:
        return False
    if since is None:
        raise Refusal("Un contrat d'énergie a un premier jour ; remplissez « depuis ».")
    contract = CONTRACT_WORDS.get(written)
    if contract is None:
        raise Refusal(
            "« {written} » n'est pas un contrat d'énergie ; écrivez {known}.",
            written=written,
            known=", ".join(CONTRACT_WORDS),
        )
    payer = session.scalar(select(Shareholder).where(Shareholder.siren == check_siren(siren, field=None)))
    if payer is None:
        raise Refusal("Aucune collectivité n'a le SIREN « {siren} » ; enregistrez-la d'abord.", siren=siren)
    supplier = row.cells["fournisseur"]
    for one in point.payments:
        said = (one.contract, one.payer_id, one.supplier)
        if one.period.contains(since) and said == (contract, payer.id, supplier):
            return False
    set_payment(session, point, contract=contract, payer=payer, supplier=supplier, start=since)
    return True


POINTS = List("points", COLUMNS, "nom", _take)
"""A list of metering points."""
