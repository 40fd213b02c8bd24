"""The commands of this floor; each is loaded when it is called."""

from foundation.lazy_cli import LazyGroup

group = LazyGroup(
    "contracts",
    help="Collectivités et accords.",
    lazy={"agreements": "contracts.agreements.cli:agreements"},
    short_helps={"agreements": "Lister les accords : numéro, collectivité, état, durée, annexes."},
)
