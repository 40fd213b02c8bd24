"""Serials and channels made of what devices call themselves: installations are made on them, so they never change.

A channel is the path of the number in the message, joined by dots (`ENERGY.Total`, `emdata-0.total_act`); list items
count from 1. `/` becomes `.` and `:` becomes `-`, since both are letters of topics and of other addresses.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same letters as in the register of devices and installations.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MAX_DIGITS = 15
DEV_EUI = re.compile(r"[0-9A-Fa-f]{2}(?:([-:]?)[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){6}")
_LETTERS = str.maketrans({"/": ".", ":": "-"})


def registered(serial: str) -> str:
    """Return the spelling a device is registered and looked up under: a DevEUI (EUI-64) in lower case, bare.

    ChirpStack writes it in lower case, The Things Stack and labels (TR005) in upper case, people with separators; any
    other serial is itself, to the letter.
    """
    return re.sub("[-:]", "", serial).lower() if DEV_EUI.fullmatch(serial) else serial


def serial_of(text: Any, where: str = "le message") -> str:
    """Return what a device calls itself as a serial; refuse what cannot be registered."""
    if isinstance(text, Decimal) and text == text.to_integral_value():
        text = f"{text:f}"
    serial = text.translate(_LETTERS) if isinstance(text, str) else ""
    if not NAME.fullmatch(serial):
        raise Unreadable(
            "bad_serial",
            f"« {str(text)[:64]} », que donne {where}, ne peut pas être un numéro de série ; renommez l'appareil avec"
            " des lettres, des chiffres, « . », « _ » ou « - », 64 signes au plus.",
        )
    return serial


def channel_of(*path: str) -> str:
    """Return the channel at `path`: other signs than those of a name become `_`; refuse one that is too long."""
    written = ".".join(re.sub(r"[^A-Za-z0-9._-]", "_", part.translate(_LETTERS)) for part in path).lstrip("._-")
    if not NAME.fullmatch(written):
        raise Unreadable(
            "bad_channel",
            f"« {'.'.join(path)[:80]} » ne peut pas nommer une voie ; donnez au champ un nom de 64 signes au plus,"
            " avec des lettres et des chiffres.",
        )
    return written


def numbers_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """Yield every number of a JSON value with its path; texts, true, false and null are no numbers."""
    if isinstance(value, Decimal):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers_in(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from numbers_in(inner, (*path, str(number)))


def measured(value: Any, key: str) -> Decimal | None:
    """Return the number a measurement is made of, None for null; refuse what is no number or too large for a register.

    Numbers written as text belong to OBIS and to no other dialect: "21,5" is read in two ways by two readers.
    """
    if value is None:
        return None
    if not isinstance(value, Decimal):
        raise Unreadable(
            "not_a_number",
            f"« {key} » n'est pas un nombre JSON mais « {str(value)[:20]} » ; faites-le publier sans guillemets et avec"
            " un point.",
        )
    if value.adjusted() >= MAX_DIGITS:
        raise Unreadable(
            "out_of_range",
            f"« {key} » dépasse {MAX_DIGITS} chiffres ({value}) ; ce n'est pas un registre : vérifiez l'appareil.",
        )
    return value


def members(value: Any) -> dict[str, Any]:
    """Return a JSON object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def object_of(value: Any, what: str) -> dict[str, Any]:
    """Return `value` if it is a JSON object; refuse anything else."""
    if not isinstance(value, dict):
        raise Unreadable("wrong_shape", f"{what} doit être un objet JSON ; vérifiez ce que publie l'appareil.")
    return value
