"""What priors have saved so far, or cost, in experiments."""

from pydantic import Field

from agent.core.values import Value

EARLY = 5
"""With fewer results too little is known of the response to imagine a campaign on it."""


class Saving(Value):
    """How many experiments priors have saved: what a campaign without them would have needed to come
    as far, less what this one has needed. Negative: cost.

    Attributes:
        needed: Experiments until this campaign was as good as it is now.
        without: The same of each imagined campaign without priors; one more than `most` if it did
            not get there.
        most: Experiments after which an imagined campaign is given up.
        less: Source -> the same without that source alone.
        after: Results that it was reckoned from.
        rows: The hash of those results.
    """

    needed: int = Field(ge=1)
    without: tuple[int, ...] = Field(min_length=1)
    most: int
    less: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    after: int
    rows: str = ""

    @property
    def experiments(self) -> float:
        """The mean over the imagined campaigns."""
        return sum(self.without) / len(self.without) - self.needed

    @property
    def at_least(self) -> bool:
        """Whether it is more: an imagined campaign did not get there."""
        return max(self.without) > self.most

    @property
    def by_source(self) -> dict[str, float]:
        """Source -> experiments that it has saved beside the others."""
        return {name: sum(few) / len(few) - self.needed for name, few in self.less.items()}

    @property
    def words(self) -> str:
        """In a sentence, with each source's share where there are several."""
        if self.after < EARLY:
            return (
                f"after {self.after} of {EARLY} results it is too early to say what they have saved"
            )
        about = "at least" if self.at_least else "about"
        count = f"{abs(self.experiments):.0f}"
        noun = "experiment" if count == "1" else "experiments"
        what = "cost" if self.experiments < -0.5 else "saved"
        ends = sorted({min(self.without), max(self.without)})
        between = " to ".join(str(end) for end in ends)
        text = (
            f"{what} {about} {count} {noun} by {self.after} results (as good after {self.needed}; "
            f"without them after {between}, in {len(self.without)} imagined campaigns)"
        )
        shares = ", ".join(f"{name} {share:+.0f}" for name, share in self.by_source.items())
        return f"{text}; each beside the others: {shares}" if shares else text
