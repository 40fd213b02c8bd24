"""`fleet devices simulate` and `fleet devices reconcile`."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import signal
import sys
import threading
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from devices.simulator.faults import Fault, shares_of
from devices.simulator.sensors import SINCE, Fleet
from devices.simulator.voices import VOICES

LONGEST_NAME = 40
"""Signs of a fleet's name: a serial has 64, what is put around the name included."""

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")


@click.command(help="Faire parler des capteurs simulés, par le vrai courtier ; tout est noté d'abord dans un registre.")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Registre à écrire.")
@click.option("--sensors", type=click.IntRange(1), default=20, show_default=True, help="Nombre de capteurs.")
@click.option("--messages", type=click.IntRange(1), help="Nombre de messages ; sans lui, jusqu'à l'arrêt (Ctrl-C).")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Messages par seconde ; sans lui, le plus vite.")
@click.option(
    "--values",
    type=click.IntRange(1, 200),
    default=4,
    show_default=True,
    help="Relevés par message, là où le format en permet plusieurs.",
)
@click.option("--since", type=click.DateTime(), default=f"{SINCE:%Y-%m-%d}", help="Premier relevé (UTC).")
@click.option("--step", type=click.IntRange(1), default=60, show_default=True, help="Secondes d'un relevé au suivant.")
@click.option("--seed", type=int, default=1, show_default=True, help="Graine : la même redit la même chose.")
@click.option("--name", help="Nom du parc simulé, au milieu des numéros de série ; tiré au hasard sans lui.")
@click.option(
    "--dialect",
    "dialects",
    multiple=True,
    type=click.Choice(sorted(VOICES)),
    default=("spl",),
    show_default=True,
    help="Format que parlent les capteurs ; plusieurs : à tour de rôle.",
)
@click.option("--fault", "faults", multiple=True, metavar="NOM=PART", help=f"Panne ({', '.join(Fault)}) et sa part.")
@click.option(
    "--mqtt-url", envvar="FLEET_SIMULATOR_MQTT_URL", required=True, show_envvar=True, help="Adresse du courtier."
)
@click.option(
    "--register", "registering", is_flag=True, help="Enregistrer d'abord les capteurs, sur un site de simulation."
)
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_OWNER_URL",
    show_envvar=True,
    help="Adresse de la base pour le rôle fleet_owner ; pour --register seulement.",
)
@AS_JSON
def simulate(
    *,
    ledger: Path,
    sensors: int,
    messages: int | None,
    rate: float | None,
    values: int,
    since: dt.datetime,
    step: int,
    seed: int,
    name: str | None,
    dialects: tuple[str, ...],
    faults: tuple[str, ...],
    mqtt_url: str,
    database_url: str | None,
    registering: bool,
    as_json: bool,
) -> None:
    """Speak until everything is said or somebody says stop; say how much was published."""
    from devices.dialects.naming import NAME
    from devices.simulator.ledger import Ledger
    from devices.simulator.run import speak
    from foundation.errors import Refusal

    if name is not None and not (NAME.fullmatch(name) and len(name) <= LONGEST_NAME):
        raise Refusal(
            "« {name} » ne peut nommer un parc simulé, car ses capteurs s'appellent d'après lui ; servez-vous de"
            " lettres, de chiffres, de « . », « _ » ou « - », {longest} signes au plus.",
            field="name",
            name=name[:LONGEST_NAME],
            longest=LONGEST_NAME,
        )

    fleet = Fleet(
        name=name or secrets.token_hex(4),
        sensors=sensors,
        values_per_message=values,
        since=since.replace(tzinfo=dt.UTC),
        step=dt.timedelta(seconds=step),
        seed=seed,
        faults=shares_of(faults),
        dialects=dialects,
    )
    if registering:
        _register(fleet, database_url)
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    with Ledger(ledger) as account:
        said = speak(fleet, mqtt_url, account, count=messages, rate=rate, stopped=stopping.is_set)
    result = {"name": fleet.name, "published": said.total(), "faults": {name: n for name, n in said.items() if name}}
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo(f"{said.total()} messages publiés et acquittés par le courtier ; registre : {ledger}")


def _register(fleet: Fleet, database_url: str | None) -> None:
    from devices.simulator.register import register_fleet
    from foundation.errors import Refusal
    from foundation.tenancy import engine_for, session_factory

    if not database_url:
        raise Refusal("Pour --register, donnez l'adresse de la base dans la variable FLEET_DATABASE_OWNER_URL.")
    engine = engine_for(database_url)
    with session_factory(engine).begin() as session:
        register_fleet(session, fleet)
    engine.dispose()


@click.command(help="Dire ce qu'est devenu tout ce qu'un registre de capteurs simulés dit avoir publié.")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Registre de simulate.")
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    show_envvar=True,
    help="Adresse de la base pour le rôle fleet_worker.",
)
@click.option("--mqtt-url", envvar="MQTT_URL", show_envvar=True, help="Courtier, pour ce qui y attend encore.")
@AS_JSON
def reconcile(ledger: Path, database_url: str, mqtt_url: str | None, *, as_json: bool) -> None:
    """Print the account; status 1 where something is missing or counts twice."""
    import psycopg

    from devices.simulator.broker_queue import waiting_among
    from devices.simulator.reconcile import nothing_waits
    from devices.simulator.reconcile import reconcile as account_of

    with psycopg.connect(database_url, autocommit=True) as connection:
        account = account_of(
            connection, ledger, partial(waiting_among, connection, mqtt_url) if mqtt_url else nothing_waits
        )
    if as_json:
        click.echo(json.dumps(asdict(account) | {"sound": account.sound}))
    else:
        click.echo(
            f"{account.published} messages distincts = {account.stored} enregistrés + {account.dead_letters} mis de"
            f" côté + {account.queued} en attente au courtier + {account.missing} manquants"
        )
        click.echo(
            f"à part : {account.duplicates} doublons, {account.stowaways} relevés jamais publiés,"
            f" {account.conflicts} contradictions, {account.repeated} répétitions voulues,"
            f" {account.unacknowledged} jamais acquittés"
        )
        for gap in account.gaps:
            click.echo(f"manque : {gap.serial}, {gap.readings} relevés du {gap.first} au {gap.last}")
    if not account.sound:
        sys.exit(1)


@click.command(help="Publier de nouveau ce qu'un registre dit avoir publié et qui manque dans la base.")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Registre de simulate.")
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    show_envvar=True,
    help="Adresse de la base pour le rôle fleet_worker.",
)
@click.option(
    "--mqtt-url", envvar="FLEET_SIMULATOR_MQTT_URL", required=True, show_envvar=True, help="Adresse du courtier."
)
@AS_JSON
def backfill(ledger: Path, database_url: str, mqtt_url: str, *, as_json: bool) -> None:
    """Close the gaps; what still waits at the broker is published twice, which changes nothing."""
    import psycopg

    from devices.simulator.reconcile import missing_from
    from devices.simulator.run import say_again

    with psycopg.connect(database_url, autocommit=True) as connection:
        missing = missing_from(connection, ledger)
    published = say_again(mqtt_url, ledger, missing) if missing else 0
    click.echo(json.dumps({"published": published}) if as_json else f"{published} messages publiés de nouveau")
