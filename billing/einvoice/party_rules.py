"""Checks of the seller and the buyer: names, identifiers, addresses."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from billing.einvoice.problem import Problem
from foundation.errors import Refusal
from foundation.identifiers import check_siren, check_siret, vat_number_from_siren

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from billing.einvoice.model import Address, ElectronicAddress, Invoice, Seller

_ELECTRONIC_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,125}")


def party_problems(invoice: Invoice) -> Iterator[Problem]:
    """Yield what is wrong with seller and buyer."""
    seller, buyer = invoice.seller, invoice.buyer
    yield from _name(seller.name, "BR-06", "BT-27")
    yield from _name(buyer.name, "BR-07", "BT-44")
    yield from refused("BR-FR-10", "BT-30", check_siren, seller.siren)
    yield from refused("BR-FR-32", "BT-47", check_siren, buyer.siren)
    yield from refused("BR-FR-09", "BT-29", partial(check_siret, siren=seller.siren), seller.siret)
    yield from refused("BR-FR-09", "BT-46", partial(check_siret, siren=buyer.siren), buyer.siret)
    yield from _vat_number(seller)
    yield from _address(seller.address, seller.name, "BR-08", "BG-5")
    yield from _address(buyer.address, buyer.name, "BR-10", "BG-8")
    yield from _electronic_address(seller.electronic_address, seller.name, "BR-FR-13", "BT-34")
    yield from _electronic_address(buyer.electronic_address, buyer.name, "BR-FR-12", "BT-49")


def refused(rule: str, location: str, demand: Callable[[str], str], written: str) -> Iterator[Problem]:
    """Yield the refusal of `demand(written)` as a problem, nothing where it accepts."""
    try:
        demand(written)
    except Refusal as refusal:
        yield Problem(rule, refusal.sentence, location)


def _name(name: str, rule: str, location: str) -> Iterator[Problem]:
    if not name.strip():
        yield Problem(rule, "Le vendeur et l'acheteur doivent avoir un nom ; complétez la fiche.", location)


def _vat_number(seller: Seller) -> Iterator[Problem]:
    try:
        expected = vat_number_from_siren(seller.siren)
    except Refusal:
        return  # the SIREN is a problem of its own
    if seller.vat_number != expected:
        sentence = f"Le numéro de TVA « {seller.vat_number} » n'est pas celui du SIREN ; attendu : {expected}."
        yield Problem("BR-S-02", sentence, "BT-31")


def _address(address: Address, name: str, rule: str, location: str) -> Iterator[Problem]:
    if not all(part.strip() for part in (address.line_one, address.postcode, address.city, address.country_code)):
        sentence = f"L'adresse de {name} est incomplète ; il faut une voie, un code postal, une ville et un pays."
        yield Problem(rule, sentence, location)


def _electronic_address(address: ElectronicAddress, name: str, missing_rule: str, location: str) -> Iterator[Problem]:
    if not address.value:
        sentence = f"L'adresse électronique de facturation de {name} manque ; par défaut, c'est son SIREN."
        yield Problem(missing_rule, sentence, location)
    elif not _ELECTRONIC_ADDRESS.fullmatch(address.value):
        sentence = (
            f"L'adresse électronique « {address.value} » n'admet que lettres sans accent, chiffres, point, tiret"
            " et souligné, 125 au plus ; corrigez-la."
        )
        yield Problem("BR-FR-23", sentence, location)
