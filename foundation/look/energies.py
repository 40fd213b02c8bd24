"""Each energy keeps one colour and one mark everywhere, so that colour never speaks alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnergyLook:
    """How an energy is shown: `token` of its colour, `mark` in text, `shape` in charts (Vega symbol)."""

    token: str
    mark: str
    shape: str


ENERGIES = {
    "electricity": EnergyLook("electricity", "●", "circle"),
    "gas": EnergyLook("gas", "▲", "triangle-up"),
    "heat": EnergyLook("heat", "■", "square"),
    "water": EnergyLook("water", "◆", "diamond"),
    "photovoltaic": EnergyLook("photovoltaic", "☀", "cross"),
    "solar_thermal": EnergyLook("solar-thermal", "⬟", "triangle-right"),
}
