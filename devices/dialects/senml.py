"""SenML (RFC 8428) in JSON: packs of records with a base name, time, unit and value.

Topic `senml/{anything}`; packs are recognised by their shape under any topic. Serial: the base name without its last
separator, or a record's whole name where there is no base name. Channels: the record's own name, its unit where it has
none, `value` where it has neither; `{name}.sum` for its running sum. Times before 2^28 s are relative to the reception
(§ 4.5.3); none means now.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from devices.dialects.instants import possible, since_1970
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Observation, Said, Stamp, Understood, Unreadable
from devices.dialects.naming import object_of, serial_of
from devices.dialects.quantities import Quantity, quantity_of
from devices.dialects.strict_json import read

RELATIVE_BELOW: Final = 2**28
VERSION: Final = Decimal(10)
"""§ 4.4: the version of RFC 8428; the drafts before it counted from 1 and read alike."""
ZERO: Final = Decimal(0)
# "%" alone is a ratio of anything; the other units of § 12.1 say what they measure.
PREFERRED: Final = {"%EL": Quantity.BATTERY, "%RH": Quantity.HUMIDITY}
# A sum is over time (§ 4.2): joules for W, and for others a unit of their own that no register of ours has.
SUMS: Final = {"W": Meaning(Quantity.ENERGY_INDEX, "J")}


def understand(said: Said) -> Understood:
    """Return the numbers of a pack; texts, booleans and data are no measurements."""
    pack = read(said.payload)
    if not isinstance(pack, list) or not pack:
        raise Unreadable(
            "wrong_shape", "Un paquet SenML est une liste d'enregistrements JSON ; publiez-en un au moins."
        )
    base: dict[str, Any] = {}
    found: list[Observation] = []
    for item in pack:
        record = object_of(item, "Un enregistrement SenML")
        strange = next((key for key in record if key.endswith("_")), None)
        if strange is not None:
            raise Unreadable(
                "must_understand",
                f"Le champ SenML « {strange[:40]} » exige d'être compris et ne l'est pas (RFC 8428 § 4.4) ;"
                " retirez-le du paquet.",
            )
        base |= {key: value for key, value in record.items() if key in {"bn", "bt", "bu", "bv", "bs", "bver"}}
        found += _record(record, base, said)
    if _number({"bver": base.get("bver", VERSION)}, "bver") > VERSION:
        raise Unreadable(
            "unknown_version", f"La version SenML {base['bver']} n'est pas connue ; publiez la version {VERSION}."
        )
    if not found:
        raise Unreadable("no_number", "Ce paquet SenML ne porte aucun nombre ; publiez des valeurs « v ».")
    return Understood(tuple(found))


def _record(record: dict[str, Any], base: dict[str, Any], said: Said) -> list[Observation]:
    if not {"v", "s"} & record.keys() and "bv" not in base:
        return []
    if {"vs", "vb", "vd"} & record.keys():
        return []
    start, own = str(base.get("bn", "")), str(record.get("n", ""))
    serial = serial_of(start.rstrip(":/-._") or own, "le nom SenML")
    unit = str(record.get("u", base.get("bu", "")))
    name = own if start and own else unit.lstrip("%/") or "value"
    time = _number(base, "bt") + _number(record, "t")
    maker = Maker(serial, *_instant(time, said))
    found = []
    if "v" in record or "bv" in base:
        found += maker.of((name,), _number(base, "bv") + _number(record, "v"), _meaning(unit))
    if "s" in record:
        total = _number(base, "bs") + _number(record, "s")
        found += maker.of((name, "sum"), total, SUMS.get(unit, Meaning(Quantity.REGISTER, f"{unit}·s" if unit else "")))
    return found


def _meaning(unit: str) -> Meaning:
    return Meaning(PREFERRED.get(unit) or quantity_of(unit), unit)


def _number(fields: dict[str, Any], key: str) -> Decimal:
    value = fields.get(key, ZERO)
    if not isinstance(value, Decimal):
        raise Unreadable(
            "not_a_number",
            f"« {key} » doit être un nombre JSON (RFC 8428 § 4.3), pas « {str(value)[:20]} » ; publiez-le sans"
            " guillemets.",
        )
    return value


def _instant(time: Decimal, said: Said) -> tuple[dt.datetime, Stamp]:
    if time == 0:
        return said.received_at, Stamp.RECEIVED
    if time < RELATIVE_BELOW:
        # Relative to now, and now is when we heard it.
        return possible(said.received_at + dt.timedelta(microseconds=int(time * 1_000_000)), said), Stamp.RECEIVED
    return possible(since_1970(time), said), Stamp.DEVICE


def uses(topic: str) -> bool:
    """Say whether a topic is set aside for SenML."""
    return topic.startswith("senml/")


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is a pack of SenML records."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(record, dict) and {"bn", "n", "v", "vs", "vb", "vd", "s", "bt", "bu", "bv"} & record.keys()
            for record in value
        )
    )


DIALECT: Final = Dialect("senml", ("senml/#",), uses, understand, looks_like, local_names=True)
