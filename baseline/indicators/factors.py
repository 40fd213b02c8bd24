"""CO2 of a kWh, by named sets of factors: never a constant, since each table counts for its own purpose."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

GROSS_TO_NET: Final = Decimal("1.11")
"""kWh PCS of natural gas in a kWh PCI: meters and suppliers count the former, factors and the decree the latter."""


class FactorSet(NamedTuple):
    """Kilograms of CO2 equivalent in a kWh (PCI) of each energy."""

    code: str
    name: str
    source: str
    published_on: dt.date | None
    """None where the table bears a version and no day."""
    kg_per_kwh: Mapping[str, Decimal]


OPERAT: Final = FactorSet(
    "operat_vii",
    N_("OPERAT, annexe VII"),
    N_("arrêté du 10 avril 2020 modifié (dispositif éco énergie tertiaire), annexe VII"),
    dt.date(2020, 4, 10),
    {"electricity": Decimal("0.064"), "gas": Decimal("0.227")},
)
BASE_EMPREINTE: Final = FactorSet(
    "base_empreinte_23_6",
    N_("Base Empreinte V23.6"),
    N_("ADEME, Base Empreinte, version 23.6"),
    None,
    {"electricity": Decimal("0.052"), "gas": Decimal("0.227")},
)
SETS: Final = (OPERAT, BASE_EMPREINTE)
"""The first is the one a report leads with. Heat has no entry: each network has its own, by a yearly order."""


def final_kwh(energy: str, kwh: Decimal) -> Decimal:
    """Return measured `kwh` as final energy: gas, metered in kWh PCS, in kWh PCI."""
    return kwh / GROSS_TO_NET if energy == "gas" else kwh
