"""Alembic's entry: the metadata of all floors in floor order, on the connection it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic import context

from fleet.models import SCHEMAS, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """Compare our schemas only; partitions are made and dropped by functions, not by migrations."""
    if type_ == "schema":
        return name in SCHEMAS
    if type_ == "table":
        return name is not None and not name.startswith("reading_y")
    return True


def run(connection: Connection) -> None:
    """Run what alembic was asked on `connection`; each migration is one transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=include_name,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
        version_table_schema="fleet",
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
