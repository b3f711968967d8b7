"""When a lease's holder was last seen: it stays when the lease is given back."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("leases", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
