"""`fleet demo`: fill the demonstration, keep it alive, show what it gave."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    from fleet.demonstration.doors import Doors
    from foundation.jobs.queue import Moment


UNFOLDED = 100


@click.group()
def group() -> None:
    """Remplir la démonstration, la faire vivre, montrer ce qu'elle a donné."""


@group.command()
def fill() -> None:
    """Écrire trois ans d'une SPL inventée dans la base ; reprend là où une fois précédente s'est arrêtée."""
    from fleet.demonstration.doors import open_doors
    from fleet.demonstration.fill import Filling

    doors = open_doors()
    with _progress() as progress:
        Filling(doors, _moment(doors), lambda title, total: _stage(progress, title, total)).run()


@group.command()
@click.option("--go-on", is_flag=True, help="Ensuite, continuer à publier les relevés du moment jusqu'à l'arrêt.")
def live(*, go_on: bool) -> None:
    """Publier par MQTT ce que les capteurs ont manqué jusqu'à maintenant."""
    import os

    from devices.ingest.publish import Publisher
    from fleet.demonstration.doors import open_doors
    from fleet.demonstration.live import Present
    from fleet.demonstration.metering import meters
    from fleet.demonstration.story import find_story
    from foundation.errors import Refusal

    doors = open_doors()
    url = os.environ.get("FLEET_DEMONSTRATION_MQTT_URL") or os.environ.get("MQTT_URL")
    if not url:
        raise Refusal("Il manque l'adresse du courtier : donnez-la dans la variable FLEET_DEMONSTRATION_MQTT_URL.")
    with doors.operator() as session:
        story = find_story(session)
    if story is None:
        raise Refusal("La démonstration n'est pas remplie ; lancez d'abord « fleet demo fill ».")
    with Publisher(url) as publisher:
        present = Present(doors, story, publisher, lambda: _now(doors))
        with _progress() as progress, _stage(progress, "Relevés des derniers jours par MQTT", len(meters())) as told:
            reached = present.catch_up(told)
        present.wait_until_stored(reached)
        if go_on:
            present.go_on(_stopping().wait)


@group.command()
def table() -> None:
    """Écrire le tableau des économies et copier les factures émises dans var/invoices."""
    from rich.console import Console

    from fleet.demonstration.display import savings_table
    from fleet.demonstration.doors import open_doors
    from fleet.demonstration.table import copy_invoices, rows

    doors = open_doors()
    with doors.operator() as session:
        # A file or a pipe has no width: the table takes the one it needs.
        console = Console() if sys.stdout.isatty() else Console(width=UNFOLDED)
        console.print(savings_table(rows(session)))
        files = copy_invoices(session, doors.directory.parent / "invoices")
    for path in files:
        click.echo(path)


@group.command()
def signins() -> None:
    """Dire l'adresse de la démonstration et de quoi y entrer."""
    from fleet.demonstration.display import sign_in_lines
    from fleet.demonstration.doors import open_doors
    from fleet.demonstration.signins import sign_ins

    doors = open_doors()
    for line in sign_in_lines(doors.url, sign_ins(doors.directory)):
        click.echo(line)


def _now(doors: Doors) -> dt.datetime:
    from foundation.clock import now

    with doors.operator() as session:
        return now(session, settable=True)


def _moment(doors: Doors) -> Moment:
    from fleet.demonstration.timeline import ZONE
    from foundation.jobs.queue import Moment

    instant = _now(doors)
    return Moment(instant, instant.astimezone(ZONE).date())


def _progress() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(TextColumn("{task.description:<42}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@contextmanager
def _stage(progress: Progress, title: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a step of `total` parts; it is complete when it ends, whatever was left to do."""
    task = progress.add_task(title, total=max(total, 1))
    yield lambda: progress.advance(task)
    progress.update(task, completed=max(total, 1))


def _stopping() -> threading.Event:
    """Return an event that is set when somebody tells us to stop."""
    stopping = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: stopping.set())
    return stopping
