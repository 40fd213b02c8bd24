"""`fleet drill`: put the collection out of order on purpose, and account for every reading."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

# Name → what is done, again and again, while sensors speak.
DRILLS = {
    "kill-ingest": "ingest tué (kill -9) à pleine charge",
    "kill-between-commit-and-ack": "ingest tué entre l'enregistrement et l'acquittement",
    "restart-broker": "courtier MQTT arrêté et relancé",
    "kill-broker": "courtier MQTT tué (kill -9) ; ce qu'il perd est compté à part, puis redemandé",
    "two-processes": "deux processus d'ingestion sous un même nom",
    "restart-database": "PostgreSQL arrêté et relancé",
    "kill-database": "PostgreSQL tué (kill -9)",
    "hang-up-database": "connexions de la base coupées",
    "lock-database": "table des relevés verrouillée quelques secondes",
    "slow-database": "deux secondes de plus à chaque enregistrement",
    "replay-month": "un mois entier de messages publié une deuxième fois",
}


@click.command(
    help="Provoquer une panne pendant que des capteurs simulés parlent, puis dire ce qu'est devenu chaque relevé."
    " Sans adresses dans l'environnement, la commande apporte ses propres services (var/drill).",
    epilog=" ; ".join(f"{name} : {what}" for name, what in DRILLS.items()) + ".",
)
@click.argument("name", type=click.Choice(list(DRILLS)), metavar="EXERCICE")
@click.option("--times", type=click.IntRange(1), default=5, show_default=True, help="Combien de fois.")
@click.option("--rate", type=click.FloatRange(1), default=2500, show_default=True, help="Messages par seconde.")
@click.option("--seed", type=int, default=1, show_default=True, help="Graine des moments où frapper.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/drill/ledgers"),
    show_default=True,
    help="Où garder le registre des capteurs et le journal d'ingest.",
)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def drill(name: str, times: int, rate: float, seed: int, folder: Path, *, as_json: bool) -> None:
    """Run a drill; status 1 where something is missing or counts twice."""
    from fleet.drill.ground import bring_services_unless_given, ground_from
    from fleet.drill.run import drill as run

    bring_services_unless_given()
    ground = ground_from(os.environ, folder)
    report = run(ground, name, times, seed=seed, rate=rate, tell=lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        account = report.account
        click.echo(
            f"{name}, {times} fois en {report.seconds:.0f} s : {account.published} messages, {account.missing}"
            f" manquants, {account.duplicates + report.announced_twice} doublons ; rattrapage"
            f" {report.catch_up_seconds:.1f} s"
        )
    if not report.sound:
        sys.exit(1)
