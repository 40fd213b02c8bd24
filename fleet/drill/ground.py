"""Where drills and benches take place: the database and the broker of an environment that is not production."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from fleet.setting_values import Mode
from fleet.settings import ini_path, mode_of
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

NEEDED = (
    "MQTT_URL",
    "FLEET_SIMULATOR_MQTT_URL",
    "FLEET_DATABASE_OWNER_URL",
    "FLEET_DATABASE_WORKER_URL",
    "FLEET_DATABASE_INGEST_URL",
)
OWN = Path("var/drill")


@dataclass(frozen=True, slots=True)
class Ground:
    """An environment and a folder to keep ledgers and logs in."""

    environ: Mapping[str, str]
    folder: Path

    def __getitem__(self, variable: str) -> str:
        return self.environ[variable]


def ground_from(environ: Mapping[str, str], folder: Path) -> Ground:
    """Return the ground `environ` gives; refuse a production."""
    if mode_of(ini_path(environ), environ) is Mode.PRODUCTION:
        raise Refusal(
            "Un exercice met en panne ce qu'il touche : il ne se fait pas sur une installation en production ;"
            " lancez-le ailleurs, sans adresses : il apporte ses propres services."
        )
    missing = [name for name in NEEDED if not environ.get(name)]
    if missing:
        raise Refusal("Il manque {missing} ; donnez toutes les adresses, ou aucune.", missing=", ".join(missing))
    folder.mkdir(parents=True, exist_ok=True)
    # What is drilled believes it is tested: nothing of a demonstration is touched.
    return Ground(dict(environ) | {"FLEET_MODE": Mode.TEST.value}, folder)


def bring_services_unless_given() -> None:
    """Run this very command again with services of its own, where no address at all is given."""
    if not any(os.environ.get(name) for name in NEEDED):
        _again_with_services()


def _again_with_services() -> NoReturn:
    command = [sys.executable, "-m", "fleet"]
    again = [*command, "services", "--directory", str(OWN), "--", *command, *sys.argv[1:]]
    os.execve(sys.executable, again, os.environ | {"FLEET_MODE": Mode.TEST.value})  # noqa: S606 - no shell wanted
