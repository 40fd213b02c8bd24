"""A list of devices as their supplier sends it: serial, model, lot, owner."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from contracts.parties.models import Shareholder
from devices.dialects.naming import registered
from devices.inventory.catalogue import find_lot, find_model
from devices.inventory.models import Device
from devices.inventory.register import check_register_size, register_device
from devices.points.lists.intake import List
from devices.points.lists.sheet import Column, number_in
from foundation.errors import Refusal
from foundation.identifiers import check_siren
from foundation.messages import N_

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from devices.inventory.models import DeviceModel, StockLot
    from devices.points.lists.sheet import Row

COLUMNS = (
    Column(
        "numero_serie", N_("Celui sous lequel le capteur publie : DevEUI, adresse ou numéro."), "70B3D52000000001", True
    ),
    Column("fabricant", N_("Comme dans la liste des modèles ; avec « modele », ou vides tous deux."), "Adeunis"),
    Column("modele", N_("Comme dans la liste des modèles."), "Pulse"),
    Column(
        "taille_registre",
        N_("Où le compteur de ce modèle revient à zéro, dans l'unité du capteur ; vide : ce que dit le modèle."),
        "",
    ),
    Column("lot", N_("Référence d'un lot enregistré."), "BC-2026-014"),
    Column("proprietaire_siren", N_("SIREN de la collectivité à qui il appartient ; vide : à la SPL."), ""),
    Column("minutes", N_("Une mesure toutes les … minutes ; vide : celle du modèle."), ""),
)


def _take(session: Session, row: Row) -> bool:
    cells = row.cells
    model = _model(session, cells["fabricant"], cells["modele"])
    told = _say_size(session, model, number_in(row, "taille_registre"))
    lot = _lot(session, cells["lot"])
    owner = _owner(session, cells["proprietaire_siren"])
    minutes = number_in(row, "minutes")
    every = None if minutes is None else dt.timedelta(minutes=float(minutes))
    known = session.scalar(select(Device).where(Device.serial == registered(cells["numero_serie"])))
    if known is None:
        register_device(session, serial=cells["numero_serie"], model=model, lot=lot, owner=owner, expected_every=every)
        return True
    other = [
        name
        for name, same in (
            ("modèle", known.model is model),
            ("lot", known.lot is lot),
            ("propriétaire", known.owner is owner),
            ("intervalle", known.own_expected_every == every),
        )
        if not same
    ]
    if other:
        raise Refusal(
            "Le capteur {serial} est déjà enregistré, avec un autre {other} ; corrigez le fichier, ou le "
            "capteur depuis sa page.",
            serial=known.serial,
            other=", un autre ".join(other),
        )
    return told


def _lot(session: Session, reference: str) -> StockLot | None:
    lot = find_lot(session, reference) if reference else None
    if reference and lot is None:
        raise Refusal(
            "Le lot « {reference} » n'est pas enregistré ; enregistrez-le d'abord, avec son prix d'achat.",
            reference=reference,
        )
    return lot


def _model(session: Session, maker: str, name: str) -> DeviceModel | None:
    if not maker and not name:
        return None
    model = find_model(session, maker, name)
    if model is None:
        raise Refusal(
            "Le modèle « {maker} {name} » n'est pas dans la liste ; enregistrez-le d'abord.", maker=maker, name=name
        )
    return model


def _say_size(session: Session, model: DeviceModel | None, size: Decimal | None) -> bool:
    """Note where the register of `model` is full; False where that was known, refuse to contradict it."""
    if size is None:
        return False
    check_register_size(size)
    if model is None:
        raise Refusal("La taille du registre se dit d'un modèle ; remplissez « fabricant » et « modele ».")
    if model.register_size is None:
        model.register_size = size
        session.flush()
        return True
    if model.register_size != size:
        raise Refusal(
            "Le modèle « {model} » revient à zéro à {size} ; corrigez le fichier, ou le modèle depuis sa page.",
            model=model.title,
            size=f"{model.register_size:f}",
        )
    return False


def _owner(session: Session, siren: str) -> Shareholder | None:
    if not siren:
        return None
    owner = session.scalar(select(Shareholder).where(Shareholder.siren == check_siren(siren)))
    if owner is None:
        raise Refusal("Aucune collectivité n'a le SIREN « {siren} » ; enregistrez-la d'abord.", siren=siren)
    return owner


DEVICES = List("devices", COLUMNS, "numero_serie", _take)
"""A list of devices."""
