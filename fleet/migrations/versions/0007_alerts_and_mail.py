"""Outgoing mail; what devices say of themselves; alerts, who hears of them, and windows in which nobody does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import close, open_to

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _mail()


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f("ck_mail_state")),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mail_sent")),
        sa.CheckConstraint(
            r"recipient ~ '^[!-~]+@[!-~]+$' AND recipient !~ '[<>,;:\"()\\[\]]'", name=op.f("ck_mail_recipient")
        ),
        sa.CheckConstraint(r"subject !~ '[\x01-\x1f\x7f]' AND subject <> ''", name=op.f("ck_mail_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_mail_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_message_id")),
        schema="foundation",
    )
    op.create_index(
        "ix_mail_queued",
        "mail",
        ["next_try_at"],
        schema="foundation",
        postgresql_where=sa.text("state = 'queued'"),
    )
    close("foundation.mail")
    open_to("foundation.mail", "operator", "SIU")
    open_to("foundation.mail", "worker", "SIU")


def downgrade() -> None:
    op.drop_table("mail", schema="foundation")
