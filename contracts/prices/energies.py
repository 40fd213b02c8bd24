"""The energies an agreement may price, as French sentences name them."""

from __future__ import annotations

from foundation.messages import N_

ENERGY_NAMES = {
    "electricity": N_("électricité"),
    "gas": N_("gaz"),
    "heat": N_("chaleur"),
    "water": N_("eau"),
    "photovoltaic": N_("photovoltaïque"),
    "solar_thermal": N_("solaire thermique"),
}
