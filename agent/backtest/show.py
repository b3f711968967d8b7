"""A back-test for people: a plain table, and regret curves as a picture."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from agent.backtest.judge import REFERENCE
from agent.backtest.result import (
    Backtest,
    CampaignResult,
    Comparison,
    Factor,
    Figure,
    LearntPolicy,
    LearntResult,
    PolicyResult,
)
from agent.errors import AthanorError
from agent.variant import without_failures, without_priors

ENDINGS = (".png", ".svg", ".pdf")
"""What `picture` writes, by the path's ending."""

HEADER = (
    "campaign",
    "policy",
    "seeds",
    "to top 5 %",
    "to top 1 %",
    "regret area",
    "final regret",
    "of recommended",
    "failed",
    "acceleration (top 5 %)",
    "enhancement (peak)",
    "s/experiment",
)


LEARNT_HEADER = (
    "campaign",
    "policy",
    "seeds",
    "final error",
    "mean error",
    "to random's final",
    "failed",
    "s/experiment",
)


def learnt_table(result: Backtest) -> list[tuple[str, ...]]:
    """The same of campaigns that are to know a response: errors at points that are not measured; of
    classes the share of labels that are right.
    """
    rows: list[tuple[str, ...]] = [LEARNT_HEADER]
    for campaign in result.learnt:
        rows += [_learnt_row(campaign, policy) for policy in campaign.policies]
    return rows


def _learnt_row(campaign: LearntResult, policy: LearntPolicy) -> tuple[str, ...]:
    beside = next((one for one in campaign.comparisons if one.policy == policy.policy), None)
    unit = "" if campaign.unit == "1" else f" {campaign.unit}"
    return (
        campaign.campaign,
        policy.policy,
        str(len(policy.seeds)),
        _error(campaign, policy.final) + unit,
        _error(campaign, policy.area) + unit,
        f"{_figure(beside.to_final, 0)} of {campaign.budget}" if beside else "",
        _figure(policy.failed, 1),
        f"{policy.seconds_per_experiment:.3f}",
    )


def _error(campaign: LearntResult, figure: Figure) -> str:
    if campaign.goal == "classify":
        right = [f"{100 * (1 - one):.1f} %" for one in (figure.value, figure.high, figure.low)]
        return f"{right[0]} right [{right[1]}, {right[2]}]"
    return _short(figure)


def _short(figure: Figure) -> str:
    return f"{figure.value:.3g} [{figure.low:.3g}, {figure.high:.3g}]"


def table(result: Backtest) -> list[tuple[str, ...]]:
    """A row for each campaign and policy after a row of headings; brackets hold 95 % limits.

    Numbers of experiments count a miss as budget + 1. Regret is normalised: 0 is the best possible,
    1 the population's median.
    """
    rows: list[tuple[str, ...]] = [HEADER]
    for campaign in result.campaigns:
        rows += [_row(campaign, policy) for policy in campaign.policies]
    return rows


def picture(result: Backtest, path: str | Path) -> Path:
    """Write the curves of regret, or of errors, with their bands, a panel for each campaign, as PNG, SVG or PDF.

    Raises:
        AthanorError: another ending, nothing to draw, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise AthanorError(f"{path.name} has no known ending", f"use one of {', '.join(ENDINGS)}")
    panels_of: list[CampaignResult | LearntResult] = [*result.campaigns, *result.learnt]
    if not panels_of:
        raise AthanorError("there is nothing to draw", "no run came to an end")
    count = len(panels_of)
    sheet = Sheet(figsize=(5.6 * count, 4.2), layout="constrained")
    panels = sheet.subplots(1, count, squeeze=False)[0]
    for panel, campaign in zip(panels, panels_of, strict=True):
        if isinstance(campaign, LearntResult):
            _draw_errors(panel, campaign)
        else:
            _draw(panel, campaign)
    try:
        sheet.savefig(path, dpi=150)
    except OSError as error:
        raise AthanorError(f"{path} cannot be written: {error}", "is the folder there?") from error
    return path


def _draw_errors(panel: Axes, campaign: LearntResult) -> None:
    for one in campaign.policies:
        steps = range(1, campaign.budget + 1)
        (line,) = panel.plot(steps, one.error.mean, label=one.policy.replace("_", " "))
        panel.fill_between(
            steps, one.error.low, one.error.high, color=line.get_color(), alpha=0.2, linewidth=0
        )
    runs = max(len(one.seeds) for one in campaign.policies)
    unit = "" if campaign.unit == "1" else f" ({campaign.unit})"
    panel.set_title(f"{campaign.campaign} ({runs} seeds)")
    panel.set_xlabel("experiments")
    wrong = campaign.goal == "classify"
    what = "share of wrong labels" if wrong else "error"
    panel.set_ylabel(f"{what} where nothing is measured{unit}")
    panel.set_ylim(0, None)
    panel.set_xlim(1, max(campaign.budget, 2))
    panel.legend(frameon=False)


def _draw(panel: Axes, campaign: CampaignResult) -> None:
    for one in campaign.policies:
        steps = range(1, campaign.budget + 1)
        (line,) = panel.plot(steps, one.regret.mean, label=one.policy.replace("_", " "))
        panel.fill_between(
            steps, one.regret.low, one.regret.high, color=line.get_color(), alpha=0.2, linewidth=0
        )
        panel.plot(steps, one.recommended_regret.mean, color=line.get_color(), linestyle=":")
    runs = max(len(one.seeds) for one in campaign.policies)
    panel.set_title(f"{campaign.campaign} ({runs} seeds)")
    panel.set_xlabel("experiments")
    panel.set_ylabel("normalised regret (dotted: of the recommended point)")
    panel.set_ylim(0, 1.02)
    panel.set_xlim(1, max(campaign.budget, 2))
    panel.legend(frameon=False)


def _row(campaign: CampaignResult, policy: PolicyResult) -> tuple[str, ...]:
    beside = _beside(campaign, policy, REFERENCE)
    peak = (
        ""
        if beside is None or beside.enhancement_peak is None
        else (f"{beside.enhancement_peak:.2f} at {beside.enhancement_peak_at}")
    )
    return (
        campaign.campaign,
        policy.policy,
        str(len(policy.seeds)),
        _figure(policy.to_top5, 1),
        _figure(policy.to_top1, 1),
        _figure(policy.area, 3),
        f"{policy.regret.mean[-1]:.3f}",
        f"{policy.recommended_regret.mean[-1]:.3f}",
        _figure(policy.failed, 1),
        _factor(beside.acceleration_top5) if beside else "",
        peak,
        f"{policy.seconds_per_experiment:.3f}",
    )


def _beside(campaign: CampaignResult, policy: PolicyResult, reference: str) -> Comparison | None:
    told = (one for one in campaign.comparisons if one.policy == policy.policy)
    return next((one for one in told if one.reference == reference), None)


def of_priors(result: Backtest) -> list[str]:
    """What priors were worth, a line for each policy that was run with and without them."""
    return _beside_itself(result, without_priors, _worth)


def of_failures(result: Backtest) -> list[str]:
    """What learning from failures was worth, a line for each policy that was run with and without."""
    return _beside_itself(result, without_failures, _fewer)


def _beside_itself(
    result: Backtest, without: Callable[[str], str], worth: Callable[[Comparison], str]
) -> list[str]:
    lines = []
    for campaign in result.campaigns:
        for policy in campaign.policies:
            beside = _beside(campaign, policy, without(policy.policy))
            if beside is not None:
                lines.append(f"{campaign.campaign}, {policy.policy}: {worth(beside)}")
    return lines


def _fewer(beside: Comparison) -> str:
    failed, area = _figure(beside.failed_difference, 1), _figure(beside.area_difference, 3)
    return f"beside {beside.reference} {failed} failed experiments, regret area {area}"


def _worth(beside: Comparison) -> str:
    more = beside.to_top5_difference
    area = _figure(beside.area_difference, 3)
    words = f"{more.value:+.1f} [{more.low:+.1f}, {more.high:+.1f}] experiments to the top 5 %"
    factor = _factor(beside.acceleration_top5)
    return f"beside {beside.reference} {words}, acceleration {factor}, regret area {area}"


def _figure(figure: Figure, digits: int) -> str:
    low, high = f"{figure.low:.{digits}f}", f"{figure.high:.{digits}f}"
    return f"{figure.value:.{digits}f} [{low}, {high}]"


def _factor(factor: Factor | None) -> str:
    if factor is None:
        return "not reached"
    return f"{factor.bound} {_figure(factor, 2)}".lstrip()
