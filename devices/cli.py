"""The commands of this floor; each is loaded when it is called."""

from foundation.lazy_cli import LazyGroup

group = LazyGroup(
    "devices",
    help="Capteurs et relevés.",
    lazy={"decode": "devices.decode.cli:decode", "replay": "devices.ingest.cli:replay"},
    short_helps={
        "decode": "Dire ce qu'un message contient, de quelque appareil qu'il vienne.",
        "replay": "Relire les messages mis de côté, une fois leur cause corrigée.",
    },
)
