"""What a decision was told of confirming the winner, and how it ranked the points that were measured."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: earlier decisions confirmed nothing, and kept no ranking."""
    op.add_column("decisions", sa.Column("confirming", sa.JSON(none_as_null=True), nullable=True))
    ranking = sa.Column("ranking", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("decisions", ranking)
