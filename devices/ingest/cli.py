"""`fleet devices replay`."""

from __future__ import annotations

import datetime as dt
import json

import click

from devices.ingest.replay import replay as replay_letters
from foundation.tenancy import engine_for, session_factory


@click.command(help="Relire les messages mis de côté, une fois leur cause corrigée (capteur enregistré, posé…).")
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    help="L'adresse de la base pour le rôle fleet_worker.",
    show_envvar=True,
)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def replay(database_url: str, *, as_json: bool) -> None:
    """Replay all waiting dead letters in one transaction and say what became of them."""
    engine = engine_for(database_url)
    with session_factory(engine).begin() as session:
        result = replay_letters(session, dt.datetime.now(dt.UTC))
    engine.dispose()
    if as_json:
        click.echo(
            json.dumps({"replayed": result.letters, "readings": result.counts.readings, "waiting": result.waiting})
        )
        return
    click.echo(f"{result.letters} messages relus, {result.counts.readings} relevés nouveaux.")
    for reason, number in sorted(result.waiting.items()):
        click.echo(f"{number} attendent encore : {reason}")
