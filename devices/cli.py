"""The commands of this floor; each is loaded when it is called."""

from foundation.lazy_cli import LazyGroup

group = LazyGroup(
    "devices",
    help="Capteurs et relevés.",
    lazy={
        "backfill": "devices.simulator.cli:backfill",
        "decode": "devices.decode.cli:decode",
        "import": "devices.imports.cli:import_file",
        "inbox": "devices.sources.inbox.cli:inbox",
        "profile": "devices.imports.cli:save",
        "provision": "devices.identity.cli:provision",
        "health": "devices.alerts.cli:health",
        "read": "devices.sources.cli:read",
        "reconcile": "devices.simulator.cli:reconcile",
        "replay": "devices.ingest.cli:replay",
        "simulate": "devices.simulator.cli:simulate",
    },
    short_helps={
        "backfill": "Publier de nouveau ce que des capteurs simulés ont publié et qui manque.",
        "decode": "Dire ce qu'un message contient, de quelque appareil qu'il vienne.",
        "import": "Importer un fichier de factures, d'index ou de courbe de charge, tout ou rien.",
        "inbox": "Faire entrer les fichiers Enedis d'un dossier, chacun une fois.",
        "profile": "Enregistrer comment une source écrit ses fichiers.",
        "provision": "Donner à des appareils de quoi publier au courtier, sur leurs seuls sujets.",
        "health": "Dire ce qui ne va pas dans le parc maintenant.",
        "read": "Dire ce que contiennent les fichiers d'un gestionnaire de réseau.",
        "reconcile": "Dire ce qu'est devenu tout ce que des capteurs simulés ont publié.",
        "replay": "Relire les messages mis de côté, une fois leur cause corrigée.",
        "simulate": "Faire parler des capteurs simulés, par le vrai courtier.",
    },
)
