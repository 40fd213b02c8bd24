"""C68 (guide 0504): technical and contract data of points (informations techniques et contractuelles)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from devices.sources.enedis.making import number, point_of
from devices.sources.enedis.objects import measures
from devices.sources.enedis.table import rows
from devices.sources.reading import PointFacts
from devices.sources.wall import day_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

COLUMNS: Final = (
    "Identifiant PRM", "Segment", "Etat contractuel", "Etat d'alimentation", "Domaine de tension",
    "Puissance souscrite", "Unité de puissance souscrite", "Formule tarifaire d'acheminement", "Calendrier fournisseur",
    "Numéro de série du compteur", "Code postal", "Date de début de contrat",
)  # fmt: skip


def read_json(pieces: Iterable[bytes]) -> Iterator[PointFacts]:
    """Yield what is said of each point: the situation in force is the first of `situationsContractuelles`."""
    for line, point in measures(pieces):
        situations = point.get("situationsContractuelles") or [{}]
        contract = situations[0] if isinstance(situations, list) else situations
        tariff = _at(contract, "structureTarifaire") or {}
        power = tariff.get("puissanceSouscrite") or tariff.get("puissanceSouscriteMax") or {}
        yield PointFacts(
            point_of(point.get("idPrm")),
            line,
            segment=_code(contract.get("segment")),
            contract_state=_code(_at(contract, "informationsContractuelles", "etatContractuel")),
            supply_state=_code(_at(point, "situationAlimentation", "etatAlimentation")),
            voltage_domain=_code(_at(point, "situationAlimentation", "alimentationPrincipale", "domaineTension")),
            subscribed_power=_decimal(power.get("valeur")),
            subscribed_power_unit=str(power.get("unite") or ""),
            network_tariff=_code(tariff.get("formuleTarifaireAcheminement")),
            supplier_calendar=_code(tariff.get("calendrierFrn") or tariff.get("calendrierFournisseur")),
            meter_serial=_code(
                _at(point, "situationComptage", "dispositifComptage", "compteurs", "numeroSerie")
                or _at(point, "situationComptage", "compteurs", "numeroSerie")
            ),
            postcode=_code(
                _at(point, "donneesGenerales", "adresseInstallation", "codePostal")
                or _at(point, "donneesGenerales", "adresseInstallationNonNormalisee", "codePostal")
            ),
            contract_starts_on=_day(
                _at(contract, "informationsContractuelles", "dateDebutContrat") or contract.get("dateDebut")
            ),
        )


def read_csv(pieces: Iterable[bytes]) -> Iterator[PointFacts]:
    """Yield the same of the portal's CSV, by the names of its columns; those it has not are not said."""
    spellings = {"PRM": COLUMNS[0], "Puissance souscrite valeur": COLUMNS[5], "Puissance souscrite unité": COLUMNS[6]}
    for line, cells in rows(pieces, COLUMNS, spellings=spellings):
        yield PointFacts(
            point_of(cells[COLUMNS[0]]),
            line,
            segment=cells["Segment"],
            contract_state=cells["Etat contractuel"],
            supply_state=cells["Etat d'alimentation"],
            voltage_domain=cells["Domaine de tension"],
            subscribed_power=_decimal(cells["Puissance souscrite"]),
            subscribed_power_unit=cells["Unité de puissance souscrite"],
            network_tariff=cells["Formule tarifaire d'acheminement"],
            supplier_calendar=cells["Calendrier fournisseur"],
            meter_serial=cells["Numéro de série du compteur"],
            postcode=cells["Code postal"],
            contract_starts_on=_day(cells["Date de début de contrat"]),
        )


def _at(found: Any, *names: str) -> Any:
    """Return what is under `names`, through the first of a list; None where nothing is."""
    for name in names:
        if isinstance(found, list):
            found = found[0] if found else None
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _code(found: Any) -> str:
    """Return a text, or the code (else the label) of an object that has one."""
    if isinstance(found, dict):
        attributes = found.get("attributes")
        found = found.get("code") or (attributes or {}).get("code") or found.get("libelle")
    return "" if found is None else str(found)


def _decimal(found: Any) -> Decimal | None:
    return None if found in {None, ""} else number(str(found).replace(",", "."))


def _day(found: Any) -> dt.date | None:
    return day_of(str(found)) if found else None
