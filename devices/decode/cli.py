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
@click.option(
    "--codec",
    "codec_file",
    type=click.Path(),
    help="Codec JavaScript du fabricant (LoRa Alliance TS013), pour des octets LoRaWAN que personne n'a décodés.",
)
@click.option("--json", "as_json", is_flag=True, help="Répondre par un objet JSON.")
def decode(
    *, file: str, topic: str, name: str | None, zone_name: str | None, codec_file: str | None, as_json: bool
) -> None:
    """Dire ce qu'un message contient : appareil, voies, grandeurs, unités, heures (FILE peut être « - »).

    Sans base de données ni courtier. Un message qui ne peut pas être lu est refusé (code 2) par une phrase qui dit
    pourquoi et que faire.
    """
    from devices.codecs.by_hand import codec_in
    from devices.codecs.runner import LONGEST
    from devices.decode.answer import dumps, printable, refused, to_json, to_text
    from devices.dialects.measurement import Said, Unreadable
    from devices.dialects.registry import MAX_PAYLOAD, recognised_name, understand
    from foundation.errors import Refusal
    from foundation.time import time_zone

    try:
        zone = time_zone(zone_name) if zone_name else None
        payload = _content(file, MAX_PAYLOAD)
        codec = codec_in(codec_file, _content(codec_file, LONGEST)) if codec_file else None
    except Refusal as refusal:
        click.echo(refusal.sentence, err=True)
        sys.exit(2)
    said = Said(topic, payload, dt.datetime.now(dt.UTC), zone)
    try:
        recognised = understand(said, name=name, codec=codec)
    except Unreadable as refusal:
        if as_json:
            click.echo(dumps(refused(refusal, recognised_name(said, name))))
        click.echo(printable(refusal.sentence), err=True)
        sys.exit(2)
    click.echo(dumps(to_json(recognised)) if as_json else to_text(recognised))


def _content(path: str, longest: int) -> bytes:
    """Return what is in a file, up to one byte more than may be; `Refusal` where it cannot be read."""
    from foundation.errors import Refusal

    try:
        with click.open_file(path, "rb") as opened:
            found: bytes = opened.read(longest + 1)
    except OSError as error:
        raise Refusal(
            "Le fichier {path} ne peut pas être lu ({strerror}) ; vérifiez son chemin.",
            path=path,
            strerror=error.strerror,
        ) from None
    return found
