"""The doors a demonstration goes through: the same as the web's operator, the worker and a sensor."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from billing.pack.keys import sign_with
from billing.pack.signing import signer_of
from fleet.setting_values import Mode
from fleet.settings import settings_for
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.tenancy import bind_actor, engine_for, session_factory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session, sessionmaker

SPEAKER = Actor(Role.OPERATOR, name="Démonstration")


@dataclass(frozen=True, slots=True)
class Doors:
    """Sessions as the web and as the worker, the address of the pages, and the environment's folder."""

    web: sessionmaker[Session]
    worker: sessionmaker[Session]
    url: str
    directory: Path

    @contextmanager
    def operator(self) -> Iterator[Session]:
        """Yield a session of one transaction, carried out as an operator of the SPL."""
        with self.web() as session:
            bind_actor(session, SPEAKER)
            with session.begin():
                yield session


def open_doors() -> Doors:
    """Return the doors of the installation the settings describe; refuse a production."""
    web, worker = settings_for("web"), settings_for("worker")
    if web.mode is Mode.PRODUCTION:
        raise Refusal("Cette installation est en production : une démonstration n'y a pas sa place.")
    sign_with(signer_of(worker.signing_key))
    return Doors(
        web=session_factory(engine_for(web.database_url)),
        worker=session_factory(engine_for(worker.database_url)),
        url=web.url,
        directory=Path(os.environ.get("FLEET_DIRECTORY", "var/demo")).absolute(),
    )
