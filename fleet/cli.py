"""The `fleet` command: a table of contents, each chapter loaded when it is called."""

from __future__ import annotations

import sys

import click

from foundation.errors import Refusal
from foundation.lazy_cli import LazyGroup

REFUSED = 2

# Name → where the command is, and its line in the table of contents; in the order a reader meets them.
CONTENTS = {
    "up": ("fleet.supervision.cli:up", "Tout mettre en marche : services privés, base, ingest, worker, web."),
    "web": ("fleet.web.serve:web", "Servir les pages."),
    "ingest": ("fleet.processes.ingest:ingest", "Recevoir les relevés par MQTT et les enregistrer."),
    "worker": ("fleet.processes.worker:worker", "Faire les tâches : énergie, rapports, documents."),
    "services": ("fleet.supervision.cli:services", "Exécuter une commande avec base, MQTT et Redis en marche."),
    "db": ("fleet.database.cli:group", "Créer la base, la mettre à niveau, la vérifier."),
    "account": ("fleet.accounts.cli:group", "Ouvrir des comptes."),
    "clock": ("fleet.clock.cli:group", "Régler le jour que croient le site et les tâches."),
    "demo": ("fleet.demonstration.cli:group", "Remplir la démonstration, la faire vivre, la montrer."),
    "devices": ("devices.cli:group", "Comprendre un message, relire ceux mis de côté, simuler des capteurs."),
    "contracts": ("contracts.cli:group", "Lister ce qui est convenu."),
    "baseline": ("baseline.cli:group", "Évaluer un bâtiment à partir d'un fichier."),
    "billing": ("billing.cli:group", "Vérifier les factures émises, jusqu'aux jours mesurés."),
    "bench": ("fleet.bench.cli:group", "Mesurer ce que tient cette machine : relevés, références, factures, pages."),
    "drill": ("fleet.drill.cli:drill", "Provoquer une panne et compter ce qui manque."),
}


class _Contents(LazyGroup):
    """A group listed in the order it was written."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in order."""
        return [name for name in CONTENTS if name in super(_Contents, self).list_commands(ctx)]


root = _Contents(
    "fleet",
    help="Prouver ce que des bâtiments publics économisent, et en facturer la part convenue.",
    lazy={name: address for name, (address, _) in CONTENTS.items()},
    short_helps={name: line for name, (_, line) in CONTENTS.items()},
)
click.version_option(package_name="fleet", message="fleet %(version)s", help="Dire la version et finir.")(root)


def main() -> None:
    """Run the command line; a refusal is printed as its sentence and exits 2."""
    try:
        root(prog_name="fleet")
    except Refusal as refusal:
        click.echo(refusal.sentence, err=True)
        sys.exit(REFUSED)
