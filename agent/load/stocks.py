"""Stocks of an operators' file: can what an experiment uses be computed, and in which units?"""

import re
from collections.abc import Mapping

from agent.core.stock import ITEM, Stock
from agent.load import rules, units
from agent.load.faults import Findings, Loc, did_you_mean
from agent.load.space import Columns


def check(
    findings: Findings, loc: Loc, stocks: Mapping[str, Stock | None], columns: Columns
) -> None:
    """Faults of names, units and formulas.

    Args:
        findings: Where they are noted.
        loc: Where the stocks stand in the file.
        stocks: Item -> what is said of it; None where that was no stock.
        columns: What has a limit: of anything else nobody knows in which unit it is.
    """
    for name, stock in stocks.items():
        if not re.match(ITEM, str(name)):
            findings.fault((*loc, name), f"{name!r} is no name of an item", "write one word: tips")
        if stock is None:
            continue
        odd = units.oddity(stock.unit, name)
        if odd is not None:
            note = findings.fault if odd.fatal else findings.warn
            note((*loc, name, "unit"), odd.what, odd.mend)
        unknown = sorted(stock.names - columns.keys())
        if unknown:
            what = f"{', '.join(unknown)} has no limit here, which would say in which unit it is"
            mend = did_you_mean(unknown[0], columns, "there are limits of")
            findings.fault((*loc, name, "uses"), what, mend or "give it a limit, or write a number")
        elif stock.names:
            rules.check_formula(findings, (*loc, name, "uses"), stock.tree, columns)
