"""`fleet devices provision`."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session, sessionmaker

    from devices.identity.register import Credentials, Keeper
    from devices.identity.rules import Account
    from devices.inventory.models import Device

AT_ONCE = 50
"""Devices a transaction: what is committed is shown before the next ones are made."""


@click.command(
    help="Donner à des appareils de quoi publier au courtier MQTT, chacun sur ses seuls sujets. Le mot de passe n'est"
    " montré qu'une fois ; un appareil qui en a un le garde. En JSON : une ligne par appareil.",
)
@click.argument("serials", metavar="NUMÉRO…", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Tous les appareils en service qui n'ont rien encore.")
@click.option("--renew", is_flag=True, help="Changer le mot de passe de ceux qui en ont un ; ils sont coupés.")
@click.option("--dialect", help="Le format de l'appareil ou de la passerelle ; sans lui, celui de la SPL.")
@click.option("--as", "name", help="Son nom dans les sujets de ce format ; sans lui, son numéro de série.")
@click.option("--revoke", "revoking", is_flag=True, help="Retirer l'identité de ces appareils et les couper.")
@click.option("--sync", "syncing", is_flag=True, help="Rendre les comptes du courtier conformes à l'inventaire.")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Écrire tous les comptes dans ce fichier du greffon, courtier arrêté : s'il l'a perdu, ou avec --all, pour un"
    " parc de milliers d'appareils.",
)
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    show_envvar=True,
    help="Adresse de la base pour le rôle fleet_worker.",
)
@click.option(
    "--mqtt-url", envvar="FLEET_PROVISIONING_MQTT_URL", show_envvar=True, help="L'administrateur du courtier."
)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def provision(
    *,
    serials: tuple[str, ...],
    everything: bool,
    renew: bool,
    dialect: str | None,
    name: str | None,
    revoking: bool,
    syncing: bool,
    path: Path | None,
    database_url: str,
    mqtt_url: str | None,
    as_json: bool,
) -> None:
    """Do the one thing asked for."""
    from foundation.errors import Refusal
    from foundation.tenancy import engine_for, session_factory

    if sum([bool(serials), everything, syncing]) != (path is None or bool(serials) or everything or syncing):
        raise Refusal("Donnez des numéros de série, ou --all, ou --sync : l'un des trois, ou --file seul.")
    if path is not None and (syncing or revoking):
        raise Refusal("Le fichier (--file) se remplit de comptes ; il ne va ni avec --sync ni avec --revoke.")
    said = {"dialect": dialect, "name": name, "renew": renew}
    engine = engine_for(database_url)
    sessions = session_factory(engine)
    try:
        if path is not None:
            if serials or everything:
                _make(sessions, _WrittenLater(), serials, said, as_json=as_json)
            _fill(sessions, path)
            return
        if not mqtt_url:
            raise Refusal(
                "Il manque l'adresse de l'administrateur du courtier ; donnez-la dans FLEET_PROVISIONING_MQTT_URL."
            )
        if revoking:
            _revoke(sessions, serials)
        if revoking or syncing:
            _agree(sessions, mqtt_url, as_json=as_json)
            return
        from devices.identity.broker import DynamicSecurity

        with DynamicSecurity(mqtt_url) as broker:
            _make(sessions, broker, serials, said, as_json=as_json)
    finally:
        engine.dispose()


A_FLEET = 1000
"""Accounts from which a running broker takes its time."""


class _WrittenLater:
    """Stands for a broker that is down: its file is written from the database once all is committed."""

    def put(self, wanted: Sequence[tuple[Account, str]]) -> None:
        """Leave it to the file."""


def _make(
    sessions: sessionmaker[Session], broker: Keeper, serials: Sequence[str], said: dict[str, Any], *, as_json: bool
) -> None:
    from devices.identity.register import provision as make

    found = _devices(sessions, serials)
    if len(found) >= A_FLEET and not isinstance(broker, _WrittenLater):
        # Mosquitto writes its whole file again for each order: 600 accounts took 14 s, and four times as many 16 times.
        click.echo(
            f"{len(found)} appareils : le courtier réécrit son fichier pour chacun, ce qui peut prendre des heures."
            " Pour tout un parc, arrêtez-le et donnez --file : quelques secondes.",
            err=True,
        )
    for start in range(0, len(found), AT_ONCE):
        with sessions.begin() as session:
            here = [session.merge(device, load=False) for device in found[start : start + AT_ONCE]]
            made = make(session, broker, here, by=_who(), now=_now(), **said)
        _show(here, made, as_json=as_json)


def _devices(sessions: sessionmaker[Session], serials: Sequence[str]) -> list[Device]:
    """Return the devices called `serials`, or all in service without."""
    from sqlalchemy import select

    from devices.identity.rules import username_of
    from devices.inventory.models import Device
    from devices.inventory.states import OUT_OF_SERVICE
    from foundation.errors import Refusal

    query = select(Device).order_by(Device.serial)
    for serial in serials:
        username_of(serial)
    # A serial with a slash stands for files (devices.series): nothing that could publish.
    in_service = Device.state.not_in(OUT_OF_SERVICE) & ~Device.serial.contains("/", autoescape=True)
    wanted = Device.serial.in_(serials) if serials else in_service
    with sessions() as session:
        found = list(session.scalars(query.where(wanted)))
    if unknown := set(serials) - {device.serial for device in found}:
        raise Refusal(
            "Aucun capteur ne s'appelle {unknown} ; enregistrez-le d'abord.", unknown=", ".join(sorted(unknown))
        )
    return found


def _show(devices: Sequence[Device], made: Sequence[Credentials], *, as_json: bool) -> None:
    by_serial = {one.serial: one for one in made}
    for device in devices:
        one = by_serial.get(device.serial)
        if as_json:
            said = {"serial": device.serial, "made": one is not None}
            if one:
                said |= {"username": one.username, "client_id": one.username, "password": one.password}
                said |= {"topics": one.topics}
            click.echo(json.dumps(said))
        elif one:
            click.echo(f"{one.serial} : utilisateur et nom de client {one.username}, mot de passe {one.password}")
            click.echo(f"  publie sur {', '.join(one.topics)} ; ce mot de passe ne sera plus montré")
        else:
            click.echo(f"{device.serial} : a déjà son identité ; pour un autre mot de passe, --renew")


def _revoke(sessions: sessionmaker[Session], serials: Sequence[str]) -> None:
    from devices.identity.register import revoke

    found = _devices(sessions, serials)
    with sessions.begin() as session:
        for device in found:
            revoke(session, session.merge(device, load=False), by=_who(), now=_now())


def _agree(sessions: sessionmaker[Session], url: str, *, as_json: bool) -> None:
    from devices.identity.broker import DynamicSecurity
    from devices.identity.register import agree

    with DynamicSecurity(url) as broker, sessions.begin() as session:
        done = agree(session, broker, now=_now())
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    for names, what in (
        (done.revoked, "révoqués, appareil perdu ou réformé"),
        (done.removed, "retirés du courtier"),
        (done.mended, "corrigés au courtier"),
        (done.missing, "inconnus du courtier : à renouveler, ou --file"),
    ):
        if names:
            click.echo(f"{what} : {', '.join(names)}")
    if not any(asdict(done).values()):
        click.echo("Le courtier est conforme à l'inventaire.")


def _fill(sessions: sessionmaker[Session], path: Path) -> None:
    from devices.identity.document import with_entries
    from devices.identity.file import read, write
    from devices.identity.register import entries

    with sessions() as session:
        found = entries(session)
    write(path, with_entries(read(path), found))
    click.echo(f"{len(found)} comptes écrits dans « {path} » ; relancez le courtier.", err=True)


def _who() -> str:
    return f"{getpass.getuser()} (commande)"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
