"""The keys as they are now, and the files whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from devices.points.models import MeteringPoint
from devices.sources.envelope.keys import ring_of
from devices.sources.inbox.models import SourceFile
from devices.sources.inbox.process import point_key
from foundation.errors import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from devices.sources.envelope.keys import Ring


def ring_in(path: Path | None) -> Ring:
    """Return the keys of the secrets file at `path`; none without one. No sentence shows what is in it."""
    if path is None:
        return ()
    try:
        return ring_of(path.read_text("utf-8"))
    except OSError as error:
        raise Refusal(
            "Le fichier de clés {path} ne peut pas être lu ({why}) ; vérifiez son chemin et ses droits.",
            path=path,
            why=error.strerror,
        ) from None
    except UnicodeDecodeError:
        raise Refusal("Le fichier de clés n'est pas du texte UTF-8 ; vérifiez son chemin.") from None


def due(session: Session, ring: Ring) -> list[SourceFile]:
    """Return the files to take now, each made to wait.

    They are new; or no key opened them and there is one more; or a point they speak of has been registered since.
    """
    names = {key.name for key in ring}
    new = (SourceFile.state == "waiting") & SourceFile.job_id.is_(None)
    registered = [
        point_key(identifier, direction)
        for identifier, direction in session.execute(
            select(MeteringPoint.identifier, MeteringPoint.direction).where(MeteringPoint.energy == "electricity")
        )
        if identifier is not None
    ]
    returned = (SourceFile.state == "done") & SourceFile.outcome["unknown"].has_any(cast(registered, ARRAY(Text)))
    found = session.scalars(
        select(SourceFile)
        .where(new | returned | (SourceFile.state == "unknown_key"))
        .order_by(SourceFile.id)
        .with_for_update(skip_locked=True)
    )
    taken = [file for file in found if file.state != "unknown_key" or names - set(file.outcome.get("tried", ()))]
    for file in taken:
        file.state = "waiting"
    return taken
