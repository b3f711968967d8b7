"""Stocks in the store: what is filled in, counted, taken by jobs and given back, and how much is left."""

import math
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import bindparam, func, select

from agent.core.job import Job
from agent.core.stock import Change, Movement, Need, moved, shortages, to_return
from agent.data.instruments import InstrumentReading, InstrumentWriting
from agent.data.ready import Ready
from agent.data.rows import TABLES, from_row, query
from agent.errors import GateError, LifecycleError

_MOVED = TABLES[Movement]
_HERE = _MOVED.c.instrument == bindparam("wanted")
_NEWEST = (
    select(_MOVED.c.item, func.max(_MOVED.c.number).label("number"))
    .where(_HERE)
    .group_by(_MOVED.c.item)
    .subquery()
)
_LEVELS = Ready(
    query(Movement)
    .join(_NEWEST, (_NEWEST.c.item == _MOVED.c.item) & (_NEWEST.c.number == _MOVED.c.number))
    .where(_HERE)
    .order_by(_MOVED.c.item)
)
_LAST = Ready(
    query(Movement)
    .where(_HERE, _MOVED.c.item == bindparam("named"))
    .order_by(_MOVED.c.number.desc())
    .limit(1)
)
_TAKEN = Ready(query(Movement).where(_MOVED.c.job == bindparam("taker")))
_SINCE = Ready(
    query(Movement)
    .where(_HERE, _MOVED.c.item == bindparam("named"), _MOVED.c.number >= bindparam("first"))
    .order_by(_MOVED.c.number)
)


class StockReading(InstrumentReading):
    """The questions about stocks."""

    def levels(self, instrument: str) -> dict[str, Movement]:
        """Item -> its last movement, which has what is left; without those that nobody has counted."""
        with self._database.reading() as connection:
            rows = _LEVELS.rows(connection, {"wanted": instrument})
        return {one.item: one for one in (from_row(Movement, row) for row in rows)}

    def movements(self, instrument: str, item: str) -> list[Movement]:
        """Every movement of one item, in order."""
        asked = query(Movement).where(_MOVED.c.instrument == instrument, _MOVED.c.item == item)
        return self._all(Movement, asked.order_by(_MOVED.c.number))


class StockWriting(InstrumentWriting):
    """The part of a transaction that is about stocks."""

    def fill(
        self, instrument: str, item: str, amount: float, unit: str, reason: str = ""
    ) -> Movement:
        """A person has put so much more there.

        Raises:
            GateError: somebody else than a person says it.
            LifecycleError: the amount is none, or nobody has counted what was there before, or has in
                another unit.
        """
        self._by_a_person(instrument, item)
        if not 0 < amount < math.inf:
            raise LifecycleError(f"{amount:g} is nothing to fill in", "give an amount above 0")
        self._lock_instrument(instrument)
        last = self._last(instrument, item)
        mend = f"say what is there now: athanor stock count {instrument} {item} AMOUNT"
        if last is None:
            raise LifecycleError(f"nobody has counted the {item} on {instrument}", mend)
        if last.unit != unit:
            raise LifecycleError(f"the {item} on {instrument} are counted in {last.unit!r}", mend)
        return self._move(instrument, item, last, "filled", amount, unit, reason=reason)

    def count(
        self, instrument: str, item: str, amount: float, unit: str, reason: str = ""
    ) -> Movement:
        """A person has looked: so much is there, whatever was thought.

        Raises:
            GateError: somebody else than a person says it.
            LifecycleError: it is no amount.
        """
        self._by_a_person(instrument, item)
        if not 0 <= amount < math.inf:
            raise LifecycleError(f"{amount:g} cannot be counted", "give what is there: 0 or more")
        self._lock_instrument(instrument)
        last = self._last(instrument, item)
        return self._move(instrument, item, last, "counted", amount, unit, reason=reason)

    def draw(self, job: Job, needs: Sequence[Need]) -> None:
        """Take what a job uses, before it is sent; `take` has locked its instrument.

        Raises:
            GateError: too little is left of something, or nobody knows how much.
        """
        wanted = [need for need in needs if need.amount != 0]
        levels = {
            need.item: last
            for need in wanted
            if (last := self._last(job.instrument, need.item)) is not None
        }
        missing = shortages(job.instrument, wanted, levels)
        if missing:
            what = "; ".join(one.what for one in missing)
            raise GateError(what, "; ".join(one.mend for one in missing))
        for need in wanted:
            amount = need.amount or 0.0
            self._move(
                job.instrument, need.item, levels[need.item], "used", amount, need.unit, job=job.id
            )

    def _give_back(self, job: Job) -> None:
        """What was taken for a job that was surely never executed is there still."""
        rows = _TAKEN.rows(self._connection, {"taker": job.id})
        if not rows:
            return
        self._lock_instrument(job.instrument)
        for taken in (from_row(Movement, row) for row in rows):
            asked = {"wanted": job.instrument, "named": taken.item, "first": taken.number}
            since = _SINCE.rows(self._connection, asked)
            later = [from_row(Movement, row) for row in since]
            amount = to_return(later, job.id)
            if amount > 0:
                item, unit = taken.item, later[-1].unit
                self._move(job.instrument, item, later[-1], "returned", amount, unit, job=job.id)

    def _by_a_person(self, instrument: str, item: str) -> None:
        if self.by.kind != "person":
            raise GateError(f"{self.by} cannot say what {item} are on {instrument}", "a person can")

    def _last(self, instrument: str, item: str) -> Movement | None:
        asked = {"wanted": instrument, "named": item}
        row = _LAST.first(self._connection, asked)
        return None if row is None else from_row(Movement, row)

    def _move(
        self,
        instrument: str,
        item: str,
        last: Movement | None,
        word: Literal["filled", "counted", "used", "returned"],
        value: float,
        unit: str,
        *,
        job: str | None = None,
        reason: str = "",
    ) -> Movement:
        change = Change(word, value, unit, self.by, self.now, job, reason)
        made = moved(instrument, item, last, change)
        self._insert(made)
        return made
