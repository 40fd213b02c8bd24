"""What the fields of a codec's data mean: one line a field, as the operator writes it and as it is kept.

`energy.total = energy_index Wh` says that the number at that path is an index in Wh. A field nobody explains keeps what
its name says (devices.dialects.lorawan). Items of a list are numbered from 1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from devices.dialects.making import Meaning
from devices.dialects.quantities import Quantity, accepts, units_of
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE: Final = re.compile(r"(?P<path>[^\s=]{1,64})\s*=\s*(?P<quantity>[a-z0-9_]+)(?:\s+(?P<unit>.{1,16}?))?")
MOST: Final = 100


def read_lines(text: str) -> dict[str, Meaning]:
    """Return the meaning of each field that `text` explains, by path; `Refusal` names the line that cannot be read."""
    found: dict[str, Meaning] = {}
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST:
        raise Refusal("Expliquez {most} champs au plus.", field="meanings", most=MOST)
    for number, line in lines:
        parts = LINE.fullmatch(line)
        if parts is None or parts["path"] in found:
            raise Refusal(
                "Ligne {number} illisible ; écrivez une fois chaque champ, comme « total = energy_index Wh ».",
                field="meanings",
                number=number,
            )
        found[parts["path"]] = _meaning(number, parts["quantity"], parts["unit"] or "")
    return found


def _meaning(number: int, code: str, unit: str) -> Meaning:
    if code not in set(Quantity):
        raise Refusal(
            "Ligne {number} : la grandeur « {code} » n'existe pas ; prenez-en une de la liste.",
            field="meanings",
            number=number,
            code=code[:40],
        )
    quantity = Quantity(code)
    if not accepts(quantity, unit):
        raise Refusal(
            "Ligne {number} : « {unit} » n'est pas une unité de {code} ; on attend {expected}, ou un multiple.",
            field="meanings",
            number=number,
            unit=unit,
            code=code,
            expected=" / ".join(units_of(quantity)),
        )
    return Meaning(quantity, unit)


def written(meanings: Mapping[str, Meaning]) -> str:
    """Return `meanings` as lines."""
    return "\n".join(f"{path} = {one.quantity.value} {one.unit}".rstrip() for path, one in meanings.items())


def kept(meanings: Mapping[str, Meaning]) -> dict[str, Any]:
    """Return `meanings` as JSON: path → [quantity, unit]."""
    return {path: [one.quantity.value, one.unit] for path, one in meanings.items()}


def of_kept(stored: Mapping[str, Any]) -> dict[str, Meaning]:
    """Return the meanings `kept` wrote."""
    return {path: Meaning(Quantity(quantity), unit) for path, (quantity, unit) in stored.items()}
