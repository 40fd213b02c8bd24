"""The commands of this floor; each is loaded when it is called."""

from foundation.lazy_cli import LazyGroup

group = LazyGroup(
    "billing",
    help="Décomptes et factures.",
    lazy={
        "verify": "billing.evidence.cli:verify",
        "audit": "billing.evidence.cli:audit",
        "new-key": "billing.evidence.cli:new_key",
    },
    short_helps={
        "audit": "Contrôler numéros, empreintes et comptabilité de toute la base.",
        "verify": "Vérifier une facture à partir de son PDF, ou toutes celles de la base, jusqu'aux jours mesurés.",
        "new-key": "Tirer une clé de signature au hasard.",
    },
)
