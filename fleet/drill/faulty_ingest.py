"""An ingest process that is killed between a commit and its acknowledgement: `python -m fleet.drill.faulty_ingest`.

The fault is brought in from here, and in mode test only; the real process has no such door.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
from typing import TYPE_CHECKING

from devices.ingest.connection import Connection
from devices.ingest.process import run
from devices.ingest.share import Share
from fleet.setting_values import Mode
from fleet.settings import settings_for
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devices.ingest.message import Receipt

COMMITS = "FLEET_DRILL_COMMITS"


def arm(commits: int) -> None:
    """Let commit number `commits` be the last: what it committed is not acknowledged."""
    acknowledge = Connection.acknowledge
    left = iter(range(commits - 1))

    def last_one_dies(connection: Connection, receipts: Sequence[Receipt]) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        acknowledge(connection, receipts)

    Connection.acknowledge = last_one_dies  # type: ignore[assignment, method-assign] # the fault this module is for


def main() -> None:
    """Run ingest until its last commit."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--client-id", required=True)
    client_id = arguments.parse_args().client_id
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = settings_for("ingest")
    if settings.mode is not Mode.TEST:
        raise Refusal("Une panne ne se met que dans un essai : FLEET_MODE doit être test.")
    arm(int(os.environ[COMMITS]))
    run(settings.database_url, settings.mqtt_url, Share(client_id), settings.listening)


if __name__ == "__main__":
    main()
