"""What a comparison is called."""

from __future__ import annotations

from devices.reconciliation.rules import Verdict
from foundation.messages import N_

VERDICTS = {
    Verdict.DIFFERS: (N_("s'écarte"), "bad"),
    Verdict.NOTHING_BILLED: (N_("rien de facturé"), "bad"),
    Verdict.INCOMPLETE: (N_("mesure incomplète"), "warn"),
    Verdict.NO_COEFFICIENT: (N_("coefficient kWh/m³ à entrer"), "warn"),
    Verdict.UNMEASURED: (N_("rien de mesuré"), "plain"),
    Verdict.ESTIMATED: (N_("facture estimée"), "plain"),
    Verdict.OTHER_HEATING_VALUE: (N_("facturé en kWh PCI"), "plain"),
    Verdict.AGREES: (N_("concorde"), "good"),
}
"""What a person reads, the most urgent first, with its tone."""
