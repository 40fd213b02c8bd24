"""Which part of the messages a process takes, where several share the load.

Every member has a client id, so a session, of its own, and all subscribe to the same filters as one group (MQTT 5
§ 4.8.2: the broker gives each message to one member). What a member has been given waits for that member while it is
away: members keep their names, and one that is no more has its session emptied and ended (`members_gone`). Readings
carry their key, so that the order in which members commit them does not matter; dialects with a memory do need order,
and are listened to by the first member alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devices.dialects.listening import Listening

CLIENT_ID = "fleet-ingest"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Share:
    """Member `number` of `members`, of the group `name`."""

    name: str = CLIENT_ID
    number: int = 1
    members: int = 1

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Refusal(
                "« {name} » ne peut pas être un nom de client MQTT : des lettres, des chiffres, « . », « _ » ou « -"
                " », 64 signes au plus.",
                name=self.name[:64],
            )

    @classmethod
    def parse(cls, name: str, written: str) -> Share:
        """Read `number/members`, such as 1/3."""
        number, _, members = written.partition("/")
        if not (number.isdigit() and members.isdigit() and 1 <= int(number) <= int(members)):
            raise Refusal("« {written} » n'est pas une part ; écrivez par exemple 1/3, 2/3 et 3/3.", written=written)
        return cls(name, int(number), int(members))

    @property
    def client_id(self) -> str:
        """The name of our session at the broker: the group's for the first member, which was once alone."""
        return self.name if self.number == 1 else f"{self.name}-{self.number}"

    def part_of(self, listening: Listening) -> Listening:
        """Return what this member can read: dialects with a memory are the first member's."""
        return listening if self.number == 1 else listening.only(with_memory=False)

    def filters(self, listening: Listening) -> tuple[str, ...]:
        """Return what this member subscribes to."""
        if self.members == 1:
            return listening.filters
        own = self.part_of(listening).only(with_memory=True).filters
        shared = listening.only(with_memory=False).filters
        return (*own, *(f"$share/{self.name}/{one}" for one in shared))

    def members_gone(self, client_ids: Iterable[str]) -> list[str]:
        """Return those of `client_ids` that are members beyond the last one; the first member sees them off."""
        if self.number != 1:
            return []
        beyond = re.compile(rf"{re.escape(self.name)}-(\d{{1,4}})")
        found = {client_id: beyond.fullmatch(client_id) for client_id in client_ids}
        return sorted(one for one, match in found.items() if match and int(match[1]) > self.members)
