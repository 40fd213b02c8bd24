"""What is printed on a sensor: TR005 QR codes, bare DevEUIs, serial bar codes. Pure.

The phone reads them by itself without a network (application/static/codes.js); both are held to the same examples.
Source: LoRa Alliance TR005-1.0.0, "LoRaWAN Device Identification QR Codes for Automated Onboarding", 2.1.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from devices.dialects.naming import DEV_EUI, NAME, registered
from foundation.errors import Refusal

EUI = re.compile(r"[0-9A-Fa-f]{16}")
PROFILE = re.compile(r"[0-9A-Fa-f]{8}")
EXTENSION = re.compile(r"[CSOP][^:]*")
SCHEME = re.compile(r"LW:D[0-9]")


class Code(NamedTuple):
    """What a code says: the serial a device is registered under, and of a TR005 code its other parts."""

    serial: str
    join_eui: str = ""
    profile: str = ""


def read_code(scanned: str) -> Code:
    """Return what `scanned` or typed text says; Refusal with a sentence where it names no sensor."""
    text = scanned.strip()
    if SCHEME.match(text.upper()):
        return _tr005(text)
    if "://" in text:
        raise Refusal("Ce code mène à une adresse web et non à un capteur ; scannez l'étiquette du capteur.")
    if re.fullmatch(r"[0-9]{14}", text):
        raise Refusal("Ce code a 14 chiffres : c'est un PRM ou un PCE, celui du compteur et non du capteur.")
    serial = registered(text) if DEV_EUI.fullmatch(text) else text
    if not NAME.fullmatch(serial):
        raise Refusal(
            "« {code} » ne peut pas être un numéro de série ; scannez l'étiquette du capteur.", code=text[:40]
        )
    return Code(serial)


def _tr005(text: str) -> Code:
    parts = text.split(":")
    if parts[1].upper() != "D0":
        raise Refusal(
            "Ce code LoRaWAN est de version {version} ; seule la version D0 est lue : tapez le DevEUI.",
            version=parts[1][:4],
        )
    if len(parts) < 5:
        raise Refusal("Ce code LoRaWAN est incomplet ; nettoyez l'étiquette, ou tapez le DevEUI.")
    join_eui, dev_eui, profile, *extensions = parts[2:]
    if not EUI.fullmatch(join_eui) or not EUI.fullmatch(dev_eui):
        raise Refusal("Les identifiants de ce code n'ont pas 16 chiffres hexadécimaux ; tapez le DevEUI.")
    if not PROFILE.fullmatch(profile):
        raise Refusal("Le profil de ce code n'a pas 8 chiffres hexadécimaux ; tapez le DevEUI.")
    if any(extension and not EXTENSION.fullmatch(extension.upper()) for extension in extensions):
        raise Refusal("La fin de ce code LoRaWAN est illisible ; nettoyez l'étiquette, ou tapez le DevEUI.")
    return Code(dev_eui.lower(), join_eui.lower(), profile.lower())
