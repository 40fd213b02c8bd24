"""The commands of this floor; each is loaded when it is called."""

from foundation.lazy_cli import LazyGroup

group = LazyGroup(
    "devices",
    help="Capteurs et relevés.",
    lazy={"replay": "devices.ingest.cli:replay"},
    short_helps={"replay": "Relire les messages mis de côté, une fois leur cause corrigée."},
)
