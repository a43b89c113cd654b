"""Payouts that arrived lately, by an index."""

from pathlib import Path

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".up.sql").read_text())


def downgrade() -> None:
    op.execute(Path(__file__).with_suffix(".down.sql").read_text())
