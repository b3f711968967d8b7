"""Stocks of instruments: what is filled in, counted, used and given back; and standards before a release."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and keep what was written from being rewritten."""
    op.add_column("holds", sa.Column("standard", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("holds", sa.Column("reading", sa.Float(), nullable=True))
    op.create_table(
        "movements",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("instrument", sa.String(), sa.ForeignKey("instruments.name"), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("job", sa.String(), sa.ForeignKey("jobs.id"), nullable=True, index=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("instrument", "item", "number"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER movements_no_{verb} BEFORE {verb.upper()} ON movements "
            "BEGIN SELECT RAISE(ABORT, 'movements is append-only'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER movements_no_change BEFORE UPDATE OR DELETE ON movements "
        "FOR EACH ROW EXECUTE FUNCTION athanor_append_only()"
    )
    op.execute(
        "CREATE TRIGGER movements_no_truncate BEFORE TRUNCATE ON movements "
        "FOR EACH STATEMENT EXECUTE FUNCTION athanor_append_only()"
    )
    op.execute(
        "CREATE TRIGGER movements_not_for_a_person BEFORE INSERT ON movements "
        "FOR EACH ROW EXECUTE FUNCTION athanor_not_for_a_person()"
    )
