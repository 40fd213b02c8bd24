"""The commands of this floor; each is loaded when it is called."""

from foundation.lazy_cli import LazyGroup

group = LazyGroup(
    "billing",
    help="Décomptes et factures.",
    lazy={"verify": "billing.evidence.cli:verify"},
    short_helps={"verify": "Vérifier les factures émises : numéros, empreintes, totaux, jusqu'aux jours mesurés."},
)
