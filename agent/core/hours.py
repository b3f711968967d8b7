"""Hours in which an instrument is given nothing, or only what some campaigns send: quiet and reserved ones."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from agent.core.values import Value

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Hours(Value):
    """Hours of the week in which nothing is sent (quiet); with `campaigns`, nothing but theirs (reserved).

    From `begin` to `end` by the clock of `zone`, on the next day where `end` is not after `begin`; `days` are
    those on which they begin. What runs then goes on, and is collected.
    """

    begin: time = Field(description="when they begin, in quotes: '22:00'")
    end: time = Field(description="when they are over, in quotes: '06:00'")
    days: tuple[Day, ...] = Field(
        default=DAYS, min_length=1, description="the days on which they begin: [sat, sun]"
    )
    zone: str = Field(default="UTC", description="whose clock: Europe/Berlin")
    campaigns: tuple[str, ...] = Field(
        default=(), description="only these campaigns may send then; without any, nobody may"
    )
    reason: str = Field(min_length=1, description="why; whoever waits reads it")

    @field_validator("begin", "end", mode="before")
    @classmethod
    def _quoted(cls, given: Any) -> Any:
        if isinstance(given, str | time):
            return given
        raise ValueError("a time of day stands in quotes: '22:00'")  # YAML reads 22:00 as 1320

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone!r} is no time zone: write it like Europe/Berlin") from None
        return zone

    @model_validator(mode="after")
    def _plain(self) -> "Hours":
        if self.begin.tzinfo or self.end.tzinfo:
            raise ValueError("begin and end are by the clock of `zone`, without one of their own")
        return self

    def on(self, day: datetime) -> tuple[datetime, datetime] | None:
        """When they begin and end (UTC), if they begin on the day of `day`; None if they do not."""
        here = day.astimezone(ZoneInfo(self.zone))
        if DAYS[here.weekday()] not in self.days:
            return None
        last = here.date() + timedelta(days=self.end <= self.begin)
        zone = here.tzinfo
        begin = datetime.combine(here.date(), self.begin, zone)
        return begin.astimezone(UTC), datetime.combine(last, self.end, zone).astimezone(UTC)

    def within(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """All of them that touch a span, in order."""
        days = range(-1, (until - since).days + 2)
        found = (self.on(since + timedelta(days=one)) for one in days)
        return [one for one in found if one and one[0] < until and one[1] > since]

    def __str__(self) -> str:
        """`22:00 to 06:00 Europe/Berlin on sat, sun, for suzuki only`."""
        days = "" if set(self.days) == set(DAYS) else f" on {', '.join(self.days)}"
        only = f", for {', '.join(self.campaigns)} only" if self.campaigns else ", for nobody"
        return f"{self.begin:%H:%M} to {self.end:%H:%M} {self.zone}{days}{only}"


def closed(
    hours: Iterable[Hours], campaign: str, since: datetime, until: datetime
) -> list[tuple[datetime, datetime, Hours]]:
    """When a campaign may send nothing between two moments, in order; they may overlap."""
    found = [
        (begin, end, one)
        for one in hours
        if campaign not in one.campaigns
        for begin, end in one.within(since, until)
    ]
    return sorted(found, key=lambda one: one[:2])


def closed_now(hours: Iterable[Hours], campaign: str, now: datetime) -> str | None:
    """Why a campaign may send nothing now, and until when; None if it may."""
    found = closed(hours, campaign, now, now + timedelta(microseconds=1))
    if not found:
        return None
    _, end, why = max(found, key=lambda one: one[1])
    what = f"reserved for {', '.join(why.campaigns)}" if why.campaigns else "quiet"
    return f"{what} until {end:%Y-%m-%d %H:%M} UTC: {why.reason}"
