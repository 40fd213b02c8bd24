"""Names of the files Enedis sends: flow, contract, sequence, which file of how many, when, and its companions.

A name is a list of segments between underscores; a flow is a whole segment (R63 is not R63A).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, NamedTuple

from devices.sources.wall import PARIS

_FLOW = re.compile(r"R151|R50|R171|R4[QHM]|R6[346][AB]|R6[34567]|C68", re.ASCII)
_TAIL = re.compile(r"\.(?:zip|xml|json|csv)$", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:ERDF|ENEDIS)_(?P<flow>R151|R50)_(?P<recipient>[^_]+)_(?P<contract>[^_]+)_(?P<subscription>[^_]+)"
    r"_(?P<sequence>\d{5})_(?P<frequency>[QM])_(?P<part>\d{5})_(?P<parts>\d{5})_(?P<at>\d{14})",
    re.ASCII,
)
_ASKED = re.compile(
    r"ENEDIS_(?P<flow>R6[3-7][AB]?|C68)_(?P<frequency>[PQHM])_(?P<what>[^_]+)_(?P<subscription>[^_]+)"
    r"(?:_(?P<contract>[^_]+))?_(?P<sequence>\d{1,8})_(?P<at>\d{14})",
    re.ASCII,
)
_STAMPED = re.compile(r"_(?P<at>\d{14})(?:_|$)", re.ASCII)
COMPANION: Final = "_svc.xml"


class FileName(NamedTuple):
    """What a name says; "" and 0 where it does not. `part` of `parts`: a delivery is whole when all have come."""

    flow: str
    contract: str = ""
    subscription: str = ""
    """Subscription (R151, R50) or request (M023): what a sequence belongs to."""
    sequence: int = 0
    """The next delivery of a subscription has the next number: a gap is a lost file."""
    part: int = 0
    parts: int = 0
    sent_at: dt.datetime | None = None


def is_companion(name: str) -> bool:
    """Say whether a file only accompanies a transfer, and carries nothing."""
    return name.lower().endswith(COMPANION)


def flow_in(name: str) -> str:
    """Return the flow a name says, "" where it says none."""
    return next((part for part in _bare(name).split("_") if _FLOW.fullmatch(part)), "")


def parse(name: str) -> FileName:
    """Return what the name of a file (folders before it are not looked at) says of it."""
    bare = _bare(name)
    for pattern in (_COUNTED, _ASKED):
        found = pattern.fullmatch(bare)
        if found:
            said = found.groupdict()
            return FileName(
                said["flow"], said["contract"] or "", said["subscription"], int(said["sequence"]),
                int(said.get("part") or 0), int(said.get("parts") or 0), _sent_at(said["at"]),
            )  # fmt: skip
    stamped = _STAMPED.search(bare)
    return FileName(flow_in(name), sent_at=_sent_at(stamped["at"]) if stamped else None)


def _bare(name: str) -> str:
    return _TAIL.sub("", name.replace("\\", "/").rpartition("/")[2])


def _sent_at(written: str) -> dt.datetime | None:
    try:
        wall = dt.datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=PARIS)
    except ValueError:
        return None
    return wall.astimezone(dt.UTC)
