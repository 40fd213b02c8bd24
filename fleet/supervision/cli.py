"""`fleet up` and `fleet services`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

DIRECTORY = click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    help="Le dossier de l'environnement : adresses, secrets, journaux, services privés.",
)


@click.command()
@DIRECTORY
@click.option("--demonstration", is_flag=True, help="Remplir d'abord la démonstration, rejouer ses derniers jours.")
@click.option("--once", is_flag=True, help="Avec --demonstration : ne rien servir, écrire le tableau et finir.")
def up(directory: Path, *, demonstration: bool, once: bool) -> None:
    """Tout mettre en marche : services privés, base, ingest, worker, web."""
    from fleet.supervision.house import house

    say = _timed()
    _end_on_signals()
    with house(directory, os.environ, say, sensors=demonstration and not once) as running:
        running.listen()
        if demonstration:
            say("démonstration")
            running.step("demo", "fill")
        say("ingest, worker, web")
        running.serve()
        if demonstration and once:
            running.step("demo", "live")
            running.step("demo", "table")
        else:
            if demonstration:
                running.step("demo", "signins")
            say(f"prêt : {running.environment.variables['FLEET_WEB_URL']} (Ctrl-C arrête tout)")
            # Being told to stop is how serving ends.
            with contextlib.suppress(SystemExit):
                running.watch()
    say("tout est arrêté")


@click.command(context_settings={"ignore_unknown_options": True})
@DIRECTORY
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def services(directory: Path, command: tuple[str, ...]) -> None:
    """Exécuter une commande avec base migrée, MQTT et Redis en marche."""
    from fleet.supervision.house import house

    _end_on_signals()
    with house(directory, os.environ, _timed()) as running:
        status = running.run(command)
    sys.exit(status)


def _timed() -> Callable[[str], None]:
    """Return what says a short line after the seconds since now."""
    start = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - start:6.1f} s  {line}", err=True)

    return say


def _end_on_signals() -> None:
    """Make the first Ctrl-C, SIGTERM or SIGHUP end the command in order; while it ends, others change nothing."""
    signs = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        for sign in signs:
            signal.signal(sign, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for sign in signs:
        signal.signal(sign, end)
