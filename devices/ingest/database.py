"""The database's side of ingest: one connection on which a commit is a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from devices.ingest.inventory import NEWS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

# A line that is dead is noticed within half a minute, one where the server is only slow is waited for.
_LIVELINESS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_MUST_BE_ON = ("fsync", "full_page_writes")


def connect(url: str, on_news: Callable[[], None]) -> psycopg.Connection[Any]:
    """Return a connection of the ingest role; `on_news` is called when the inventory has changed.

    Raises:
        Refusal: the server may forget what it committed, so nothing may be acknowledged after it.
        psycopg.OperationalError: it does not answer.

    """
    connection = psycopg.connect(url, autocommit=True, application_name="fleet-ingest", **_LIVELINESS)
    try:
        # Whatever the server's or the role's default: we acknowledge after a commit that is on disk.
        connection.execute("SET synchronous_commit = on")
        for name in _MUST_BE_ON:
            _demand(connection, name)
        connection.add_notify_handler(lambda _: on_news())
        connection.execute(f"LISTEN {NEWS}")
    except BaseException:
        connection.close()
        raise
    return connection


def _demand(connection: psycopg.Connection[Any], name: str) -> None:
    answer = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    if answer != ("on",):
        raise Refusal(
            "PostgreSQL est réglé avec {name} = {setting} : un relevé acquitté pourrait se perdre ; remettez "
            "{name} = on dans sa configuration.",
            name=name,
            setting=answer and answer[0],
        )
