"""What every new table says in its own migration: who may reach which of its rows, and that its changes are kept."""

from __future__ import annotations

from typing import Literal

from alembic import op

Role = Literal["operator", "shareholder", "technician", "public", "worker", "ingest"]

VERBS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}
ME = "foundation.current_shareholder()"
"""The shareholder of the session, in a condition on rows."""
HOLDS_BUILDING = (
    f"EXISTS (SELECT FROM contracts.holding h WHERE h.building_id = {{building}} AND h.shareholder_id = {ME})"
)
"""Format with `building`: the shareholder of the session holds or held it."""


def close(table: str) -> None:
    """Let nobody but the owner reach `table` ("schema.name"), by row-level security that is forced."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner ON {table} FOR ALL TO fleet_owner USING (true) WITH CHECK (true)")


def open_to(table: str, role: Role, verbs: str, rows: str = "true") -> None:
    """Grant `verbs` (letters of S, I, U, D) on `table` to `role`, on the rows that meet the condition `rows`."""
    op.execute(f"GRANT {', '.join(VERBS[v] for v in verbs)} ON {table} TO fleet_{role}")
    check = f" WITH CHECK ({rows})" if set(verbs) & set("IU") else ""
    scope = "ALL" if set(verbs) & set("IUD") else "SELECT"
    op.execute(f"CREATE POLICY {role} ON {table} FOR {scope} TO fleet_{role} USING ({rows}){check}")


def watch(table: str) -> None:
    """Record who changed what in `table`, in foundation.change."""
    op.execute(
        f"CREATE TRIGGER record_change AFTER INSERT OR UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION foundation.record_change()"
    )
