"""`fleet devices decode`: a message, and what it would be read as."""

from __future__ import annotations

import datetime as dt
import sys

import click


@click.command("decode")
@click.argument("file", type=click.Path())
@click.option("--topic", required=True, help="Sujet MQTT sous lequel le message est publié.")
@click.option(
    "--dialect", "name", help="Format du message ; sans cela, il est reconnu à son sujet, puis à son contenu."
)
@click.option(
    "--timezone", "zone_name", help="Fuseau du site, pour les appareils qui écrivent l'heure locale sans le dire."
)
@click.option("--json", "as_json", is_flag=True, help="Répondre par un objet JSON.")
def decode(*, file: str, topic: str, name: str | None, zone_name: str | None, as_json: bool) -> None:
    """Dire ce qu'un message contient : appareil, voies, grandeurs, unités, heures (FILE peut être « - »).

    Sans base de données ni courtier. Un message qui ne peut pas être lu est refusé (code 2) par une phrase qui dit
    pourquoi et que faire.
    """
    from devices.decode.answer import dumps, printable, refused, to_json, to_text
    from devices.dialects.measurement import Said, Unreadable
    from devices.dialects.registry import MAX_PAYLOAD, recognised_name, understand
    from foundation.errors import Refusal
    from foundation.time import time_zone

    try:
        zone = time_zone(zone_name) if zone_name else None
        with click.open_file(file, "rb") as opened:
            payload = opened.read(MAX_PAYLOAD + 1)
    except Refusal as refusal:
        click.echo(refusal.sentence, err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"Le fichier {file} ne peut pas être lu ({error.strerror}) ; vérifiez son chemin.", err=True)
        sys.exit(2)
    said = Said(topic, payload, dt.datetime.now(dt.UTC), zone)
    try:
        recognised = understand(said, name=name)
    except Unreadable as refusal:
        if as_json:
            click.echo(dumps(refused(refusal, recognised_name(said, name))))
        click.echo(printable(refusal.sentence), err=True)
        sys.exit(2)
    click.echo(dumps(to_json(recognised)) if as_json else to_text(recognised))
