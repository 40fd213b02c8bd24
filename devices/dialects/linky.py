"""The labels of French meters' customer information (TIC): Enedis-NOI-CPT_54E (Linky), historic and standard mode.

Energy registers count Wh, reactive ones VArh, whatever unit the gateway gives elsewhere in the same message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from devices.dialects.making import Meaning
from devices.dialects.quantities import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

_TIERS: Final = {
    "BASE": ("BASE",),
    "HC": ("HCHC", "HCHP"),
    "EJP": ("EJPHN", "EJPHPM"),
    "BBR": ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
}
_ENERGY = Meaning(Quantity.ENERGY_INDEX, "Wh")
_EXPORTED = Meaning(Quantity.EXPORTED_ENERGY_INDEX, "Wh")
_REACTIVE = Meaning(Quantity.REACTIVE_ENERGY_INDEX, "varh")
_VA = Meaning(Quantity.APPARENT_POWER, "VA")
_AMPS = Meaning(Quantity.CURRENT, "A")
_VOLTS = Meaning(Quantity.VOLTAGE, "V")
_SUBSCRIBED = Meaning(Quantity.SUBSCRIBED_POWER, "kVA")


def _by_phase(label: str, meaning: Meaning) -> dict[str, Meaning]:
    return {f"{label}{number}": meaning._replace(phase=f"L{number}") for number in (1, 2, 3)}


LABELS: Final[dict[str, Meaning]] = {
    # Historic mode, § 6.1.
    **{label: _ENERGY for tier in _TIERS.values() for label in tier},
    "GAZ": Meaning(Quantity.PULSE_INDEX),
    **dict.fromkeys(("IINST", "IMAX", "ISOUSC"), _AMPS),
    **_by_phase("IINST", _AMPS),
    **_by_phase("IMAX", _AMPS),
    "PAPP": _VA,
    # Standard mode, § 6.2. Highest powers of the day (SMAXSN…), curves (CCASN) and means (UMOY) are of another instant.
    "EAST": _ENERGY,
    **{f"EASF{tier:02}": _ENERGY for tier in range(1, 11)},
    **{f"EASD{tier:02}": _ENERGY for tier in range(1, 5)},
    "EAIT": _EXPORTED,
    **{f"ERQ{quadrant}": _REACTIVE for quadrant in range(1, 5)},
    **_by_phase("IRMS", _AMPS),
    **_by_phase("URMS", _VOLTS),
    **dict.fromkeys(("PREF", "PCOUP"), _SUBSCRIBED),
    **dict.fromkeys(("SINSTS", "SINSTI"), _VA),
    **_by_phase("SINSTS", _VA),
}

TOTAL: Final = "total"
"""Channel of the sum of the tariff registers of historic mode, in which the meter shows no total of its own."""


def registers_of_total(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the historic tariff registers whose sum is the energy of the meter; () where one of them is missing."""
    present = set(labels)
    for tier in _TIERS.values():
        if present & set(tier):
            return tier if present >= set(tier) else ()
    return ()
