"""The ingest process: readings from the broker to PostgreSQL. It never loads Pyramid, Celery or WeasyPrint."""

from __future__ import annotations

import gc
import logging

import click

from devices.ingest.process import run
from devices.ingest.share import CLIENT_ID, Share
from fleet.settings import settings_for

YOUNG_OBJECTS = 100_000
"""Python looks for circular garbage after so many new objects: a batch is some 40,000, has none and is soon gone.

Left at 700, it looks for a third of the time this process works.
"""


@click.command("ingest", help="Recevoir les relevés par MQTT et les enregistrer.")
@click.option(
    "--client-id",
    default=CLIENT_ID,
    show_default=True,
    help="Le nom sous lequel le courtier garde nos messages en notre absence ; un nom ne sert qu'à une collecte.",
)
@click.option(
    "--partition",
    default="1/1",
    show_default=True,
    metavar="N/TOTAL",
    help="La part de ce processus, quand plusieurs se partagent les messages : 1/3, 2/3 et 3/3.",
)
def ingest(client_id: str, partition: str) -> None:
    """Run ingest until it is told to stop; end with status 2 and a sentence where it cannot go on."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = settings_for("ingest")
    run(settings.database_url, settings.mqtt_url, Share.parse(client_id, partition), settings.listening)
