"""Analytics: what the facts of subscriptions were worth, their movements by day, and alerts on failing payments."""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".up.sql").read_text())


def downgrade() -> None:
    op.execute(Path(__file__).with_suffix(".down.sql").read_text())
