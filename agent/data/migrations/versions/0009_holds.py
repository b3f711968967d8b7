"""Instruments, and what is said of them: held and released."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and keep what was said from being rewritten."""
    op.create_table("instruments", sa.Column("name", sa.String(), primary_key=True, nullable=False))
    op.create_table(
        "holds",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column(
            "instrument", sa.String(), sa.ForeignKey("instruments.name"), nullable=False, index=True
        ),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("instrument", "number"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER holds_no_{verb} BEFORE {verb.upper()} ON holds "
            "BEGIN SELECT RAISE(ABORT, 'holds is append-only'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER holds_no_change BEFORE UPDATE OR DELETE ON holds "
        "FOR EACH ROW EXECUTE FUNCTION athanor_append_only()"
    )
    op.execute(
        "CREATE TRIGGER holds_no_truncate BEFORE TRUNCATE ON holds "
        "FOR EACH STATEMENT EXECUTE FUNCTION athanor_append_only()"
    )
    op.execute(
        "CREATE TRIGGER holds_not_for_a_person BEFORE INSERT ON holds "
        "FOR EACH ROW EXECUTE FUNCTION athanor_not_for_a_person()"
    )
