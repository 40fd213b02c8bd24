"""What should have come and has not, and what came and was not taken."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased

from devices.sources.envelope.deliveries import incomplete
from devices.sources.envelope.names import flow_in, parse
from devices.sources.inbox.models import SourceDrop, SourceFile
from foundation.jobs.models import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from devices.sources.envelope.deliveries import Delivery

READ: Final = ("contradicts", "inconsistent")
"""Why a file that was read whole may be refused: it came all the same."""
GRACE: Final = dt.timedelta(hours=1)
"""Files of one delivery do not come in the same second."""


class Gap(NamedTuple):
    """Files of one subscription that have not come."""

    flow: str
    contract: str
    subscription: str
    deliveries: tuple[Delivery, ...]

    @property
    def first_sequence(self) -> int:
        """The first delivery that is not whole."""
        return self.deliveries[0].sequence

    @property
    def files(self) -> int:
        """Files that miss; of a delivery lost whole at least one."""
        return sum(len(one.missing) or 1 for one in self.deliveries)


def missing(session: Session, *, now: dt.datetime) -> list[Gap]:
    """Return what has not come of each subscription, an hour after something that shows it; a damaged file is no file.

    A delivery begun less than an hour ago may still be under way.
    """
    rows = session.execute(
        select(SourceDrop.name, SourceDrop.received_at)
        .join(SourceFile)
        .where((SourceFile.state != "refused") | SourceFile.reason.in_(READ))
        .order_by(SourceDrop.id)
    ).all()
    names = [(parse(name), at) for name, at in rows]
    shown = {_key(one) for one in incomplete(name for name, at in names if at <= now - GRACE)}
    gaps: dict[tuple[str, str, str], list[Delivery]] = {}
    for one in incomplete(name for name, _ in names):
        if _key(one) in shown:
            gaps.setdefault((one.flow, one.contract, one.subscription), []).append(one)
    return [Gap(*series, tuple(deliveries)) for series, deliveries in gaps.items()]


def not_taken(session: Session) -> Sequence[SourceFile]:
    """Return the files no key opens, those a fault stopped, and the flows refused and not sent again since."""
    drop, again, taken = SourceDrop, aliased(SourceDrop), aliased(SourceFile)
    sent_again = (
        select(again.id)
        .join(taken, taken.id == again.file_id)
        .join(drop, drop.name == again.name)
        .where(drop.file_id == SourceFile.id, taken.state == "done")
        .exists()
    )
    stopped = select(Job.id).where(Job.id == SourceFile.job_id, Job.state.in_(("failed", "cancelled"))).exists()
    found = session.scalars(
        select(SourceFile)
        .where(
            SourceFile.state.in_(("refused", "unknown_key")) | ((SourceFile.state == "waiting") & stopped), ~sent_again
        )
        .order_by(SourceFile.id)
    )
    return [file for file in found if file.state != "refused" or flow_in(file.name)]


def _key(one: Delivery) -> tuple[str, str, str, int]:
    return one.flow, one.contract, one.subscription, one.sequence
