"""Steps: where a job stands among those of its trial, what samples it takes, and how a sample was made."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Jobs that there are were their trials' only steps, and took no sample."""
    op.add_column("jobs", sa.Column("stage", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("jobs", sa.Column("samples", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("samples", sa.Column("executed", sa.JSON(none_as_null=True), nullable=True))
