"""Acknowledged means committed (truth 10): a server that may forget a commit is refused at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy import Connection

# What a commit must have reached before it is announced; "local" and above flush to this server's disk.
DEMANDED = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "local", "remote_write", "remote_apply"},
}


def demand_durability(connection: Connection) -> None:
    """Refuse a server on which a commit could be lost in a power cut."""
    for name, accepted in DEMANDED.items():
        found = connection.scalar(text("SELECT current_setting(:name)"), {"name": name})
        if found not in accepted:
            raise Refusal(
                "PostgreSQL est réglé avec {name} = {found} : un relevé acquitté pourrait se perdre ; remettez "
                "{name} = on dans sa configuration.",
                name=name,
                found=found,
            )
