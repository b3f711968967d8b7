"""Which results in question a decision was to remake."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: earlier decisions remade nothing."""
    remakes = sa.Column("remakes", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("decisions", remakes)
