"""Work of the worker: check a received file, import a checked one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, update
from sqlalchemy.orm import Session

from devices.imports.models import FileImport
from devices.imports.register import carry_out, check
from foundation.jobs.queue import handles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from foundation.jobs.queue import Moment

CHECK = "devices.check_import"
CARRY_OUT = "devices.carry_out_import"


@handles(CHECK)
def check_import(session: Session, params: Mapping[str, Any], moment: Moment) -> Mapping[str, Any]:
    """Say what one file would change."""
    imported = session.get_one(FileImport, params["import_id"])
    outcome = check(session, imported, today=moment.today, progress=_teller(session, imported.id))
    return {"import_id": imported.id, "rows": outcome.rows}


@handles(CARRY_OUT)
def carry_out_import(session: Session, params: Mapping[str, Any], moment: Moment) -> Mapping[str, Any]:
    """Import one file in the transaction of its item: killed anywhere before its commit, nothing of it is there."""
    imported = session.get_one(FileImport, params["import_id"])
    if imported.state != "imported":
        carry_out(
            session,
            imported,
            reason=params["reason"],
            by=params["by"],
            now=moment.now,
            today=moment.today,
            progress=_teller(session, imported.id),
        )
    return {"import_id": imported.id}


def _teller(session: Session, import_id: int) -> Callable[[int], None]:
    """Return what writes progress in short transactions of its own, so that others see it (truth 12)."""
    bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind

    def tell(rows: int) -> None:
        with Session(engine) as other, other.begin():
            other.execute(update(FileImport).where(FileImport.id == import_id).values(rows_read=rows))

    return tell
