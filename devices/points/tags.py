"""Words the operator puts on points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from devices.points.models import PointTag
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

LONGEST = 40


def tag_points(session: Session, point_ids: Sequence[int], tag: str) -> int:
    """Put `tag` on points and return on how many it was not yet; said again, nothing changes."""
    word = _word(tag)
    if not point_ids:
        return 0
    rows = [{"point_id": point_id, "tag": word} for point_id in point_ids]
    added = insert(PointTag).values(rows).on_conflict_do_nothing().returning(PointTag.point_id)
    return len(session.execute(added).all())


def untag_points(session: Session, point_ids: Sequence[int], tag: str) -> int:
    """Take `tag` off points and return from how many."""
    gone = delete(PointTag).where(PointTag.point_id.in_(point_ids), PointTag.tag == _word(tag))
    return len(session.execute(gone.returning(PointTag.point_id)).all())


def _word(tag: str) -> str:
    word = " ".join(tag.lower().split())
    if not word or len(word) > LONGEST:
        raise Refusal("Un mot-clé a de 1 à {most} signes ; raccourcissez-le.", field="tag", most=LONGEST)
    return word
