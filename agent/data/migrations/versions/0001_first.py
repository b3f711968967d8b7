"""The first version: every table, and the triggers that keep the account from being rewritten."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "journal",
    "observations",
    "proposals",
    "decisions",
    "reviews",
    "revisions",
    "blobs",
)
BINDING = "id, trial, review, step, instrument, digest, by, at, expires_at, seq"


def upgrade() -> None:
    """Make the tables and the triggers."""
    _register()
    _plan()
    _send()
    _results()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _column(
    kind: "sa.types.TypeEngine[Any]", name: str, to: str | None, more: dict[str, Any]
) -> "sa.Column[Any]":
    references = [sa.ForeignKey(to)] if to else []
    return sa.Column(name, kind, *references, **{"nullable": False, **more})


def _text(name: str, to: str | None = None, **more: bool) -> "sa.Column[Any]":
    return _column(sa.String(), name, to, more)


def _int(name: str, **more: bool) -> "sa.Column[Any]":
    return _column(sa.BigInteger(), name, None, more)


def _real(name: str, **more: bool) -> "sa.Column[Any]":
    return _column(sa.Float(), name, None, more)


def _time(name: str, **more: bool) -> "sa.Column[Any]":
    return _column(sa.DateTime(timezone=True), name, None, more)


def _json(name: str, **more: bool) -> "sa.Column[Any]":
    return _column(sa.JSON(none_as_null=True), name, None, more)


def _bytes(name: str, **more: bool) -> "sa.Column[Any]":
    return _column(sa.LargeBinary(), name, None, more)


def _register() -> None:
    op.create_table(
        "campaigns",
        _text("id", primary_key=True),
        _text("name", unique=True),
        _text("status"),
        _text("reason"),
        _time("at"),
    )
    op.create_table(
        "counters",
        _text("campaign", to="campaigns.id", primary_key=True),
        _text("kind", primary_key=True),
        _int("value"),
    )
    op.create_table(
        "revisions",
        _text("campaign", to="campaigns.id", primary_key=True),
        _int("number", primary_key=True),
        _json("document"),
        _text("source"),
        _json("diff"),
        _json("by"),
        _time("at"),
    )
    op.create_table(
        "leases",
        _text("name", primary_key=True),
        _text("holder"),
        _int("fence"),
        _time("expires_at"),
    )
    op.create_table(
        "journal",
        _text("campaign", to="campaigns.id", primary_key=True),
        _int("seq", primary_key=True),
        _time("at"),
        _json("by"),
        _text("event"),
        _text("subject"),
        _json("data"),
        _text("previous"),
        _text("hash"),
    )
    op.create_table(
        "blobs",
        _text("sha256", primary_key=True),
        _text("media"),
        _int("size"),
        _bytes("content"),
    )


def _plan() -> None:
    op.create_table(
        "decisions",
        _text("id", primary_key=True),
        _text("campaign", to="campaigns.id"),
        _int("number"),
        _int("revision"),
        _text("kind"),
        _json("rows"),
        _json("pending"),
        _json("barred"),
        _int("started"),
        _int("batch"),
        _int("seed"),
        _time("clock"),
        _json("budget"),
        _json("policy"),
        _json("choices"),
        _json("state", nullable=True),
        _json("notes"),
        _json("fingerprint"),
        _time("at"),
        sa.UniqueConstraint("campaign", "number"),
    )
    op.create_table(
        "trials",
        _text("id", primary_key=True),
        _text("campaign", to="campaigns.id"),
        _int("number"),
        _int("revision"),
        _int("batch"),
        _text("decision", to="decisions.id", nullable=True, index=True),
        _text("role"),
        _text("fidelity"),
        _json("steps"),
        _json("point"),
        _json("settings"),
        _text("replicate_of", nullable=True),
        _text("origin"),
        _text("status"),
        _time("at"),
        sa.UniqueConstraint("campaign", "number"),
    )
    op.create_index("trials_by_status", "trials", ["campaign", "status"])
    op.create_table(
        "proposals",
        _text("id", primary_key=True),
        _text("trial", to="trials.id", unique=True),
        _text("decision", to="decisions.id", index=True),
        _json("prediction"),
        _text("acquisition"),
        _real("score", nullable=True),
        _json("shares"),
        _text("why"),
        _time("at"),
    )
    op.create_table(
        "reviews",
        _text("id", primary_key=True),
        _text("trial", to="trials.id"),
        _int("number"),
        _text("verdict"),
        _json("by"),
        _json("reasons"),
        _json("point"),
        _json("settings"),
        _time("at"),
        sa.UniqueConstraint("trial", "number"),
    )


def _send() -> None:
    op.create_table(
        "jobs",
        _text("id", primary_key=True),
        _text("campaign", to="campaigns.id"),
        _json("trials"),
        _json("plans"),
        _json("approvals"),
        _text("step"),
        _text("instrument"),
        _int("attempt"),
        _text("status"),
        _text("failure", nullable=True),
        _text("message"),
        _json("handle", nullable=True),
        _json("sender"),
        _int("fence"),
        _real("cost"),
        _time("intended_at"),
        _time("started_at", nullable=True),
        _time("ended_at", nullable=True),
        _int("seq"),
    )
    op.create_index("jobs_by_status", "jobs", ["campaign", "status"])
    op.create_index("jobs_by_instrument", "jobs", ["instrument", "status"])
    op.create_table(
        "job_trials",
        _text("job", to="jobs.id", primary_key=True),
        _text("trial", to="trials.id", primary_key=True, index=True),
    )
    op.create_table(
        "approvals",
        _text("id", primary_key=True),
        _text("trial", to="trials.id", index=True),
        _text("review", to="reviews.id", index=True),
        _text("step"),
        _text("instrument"),
        _text("digest"),
        _json("by"),
        _time("at"),
        _time("expires_at", nullable=True),
        _time("revoked_at", nullable=True),
        _text("job", to="jobs.id", nullable=True, index=True),
        _int("seq"),
    )


def _results() -> None:
    op.create_table(
        "samples",
        _text("id", primary_key=True),
        _text("campaign", to="campaigns.id"),
        _text("code"),
        _text("job", to="jobs.id", nullable=True, index=True),
        _text("trial", to="trials.id", index=True),
        _text("parent", to="samples.id", nullable=True, index=True),
        _text("lot"),
        _text("place"),
        _time("at"),
        _int("seq"),
        sa.UniqueConstraint("campaign", "code"),
    )
    op.create_table(
        "observations",
        _text("id", primary_key=True),
        _text("campaign", to="campaigns.id", index=True),
        _text("trial", to="trials.id", index=True),
        _text("objective"),
        _text("fidelity"),
        _int("replicate"),
        _text("job", to="jobs.id", nullable=True, index=True),
        _text("sample", to="samples.id", nullable=True, index=True),
        _real("value", nullable=True),
        _real("low", nullable=True),
        _real("high", nullable=True),
        _text("void", nullable=True),
        _real("sd", nullable=True),
        _text("unit"),
        _json("executed", nullable=True),
        _text("raw", nullable=True),
        _text("analysis"),
        _text("supersedes", to="observations.id", unique=True, nullable=True),
        _text("origin"),
        _json("by"),
        _time("at"),
    )


def _guard_sqlite() -> None:
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    binding = BINDING.replace("by,", '"by",')
    op.execute(
        f"CREATE TRIGGER approvals_no_change BEFORE UPDATE OF {binding} ON approvals "
        "BEGIN SELECT RAISE(ABORT, 'an approval is not changed'); END"
    )
    op.execute(
        "CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals "
        "BEGIN SELECT RAISE(ABORT, 'an approval is not deleted'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION athanor_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', "
        "ERRCODE = 'restrict_violation'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION athanor_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION athanor_append_only()"
        )
    op.execute(
        f"CREATE TRIGGER approvals_no_change BEFORE UPDATE OF {BINDING} OR DELETE ON approvals "
        "FOR EACH ROW EXECUTE FUNCTION athanor_append_only()"
    )
    # Whoever holds the agent's password can still not speak for a person.
    op.execute(
        "CREATE FUNCTION athanor_not_for_a_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF current_user = 'athanor_agent' AND NEW.\"by\"->>'kind' = 'person' THEN "
        "RAISE EXCEPTION USING MESSAGE = 'athanor_agent cannot review for a person', "
        "ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW; END $$"
    )
    for table in ("reviews", "approvals"):
        op.execute(
            f"CREATE TRIGGER {table}_not_for_a_person BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION athanor_not_for_a_person()"
        )
