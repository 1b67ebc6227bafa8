"""How a party wishes to be told."""

from datetime import datetime, time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.language import Language

Channel = Literal["email", "webhook", "none"]
Digest = Literal["off", "daily", "weekly"]


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no such time zone")
    return name


def _minutes(moment: time) -> time:
    if moment.tzinfo is not None or moment.second or moment.microsecond:
        raise ValueError("hours and minutes, such as 21:30")
    return moment


LocalTime = Annotated[time, AfterValidator(_minutes), Field(examples=["21:30"])]


class QuietHours(BaseModel):
    """From ``start`` to before ``end``, by the clock on the person's wall; over midnight where ``end`` is earlier."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: LocalTime
    end: LocalTime

    @model_validator(mode="after")
    def _leaves_time_to_tell(self) -> Self:
        if self.start == self.end:
            raise ValueError("start and end are the same")
        return self

    def covers(self, clock: time) -> bool:
        """Whether it is quiet when the clock shows this."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


class Wishes(BaseModel):
    """``budget`` is how many messages may come in one day of ``zone``, a digest among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: Channel = "email"
    webhook_id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")] = None
    language: Language = "zh"
    zone: Annotated[str, Field(max_length=60, examples=["Asia/Shanghai"]), AfterValidator(_zone)] = "Asia/Shanghai"
    quiet_hours: QuietHours | None = QuietHours(start=time(21, 30), end=time(8))
    digest: Digest = "daily"
    digest_at: LocalTime = time(18)
    budget: Annotated[int, Field(ge=1, le=20)] = 3

    @model_validator(mode="after")
    def _webhook_has_its_address(self) -> Self:
        if (self.channel == "webhook") != (self.webhook_id is not None):
            raise ValueError("webhook_id goes with the channel webhook, and with it alone")
        return self

    def local(self, moment: datetime) -> datetime:
        """Return an instant as the person's clock and calendar show it."""
        return moment.astimezone(ZoneInfo(self.zone))

    def is_quiet(self, moment: datetime) -> bool:
        """Whether an instant lies in the quiet hours."""
        return self.quiet_hours is not None and self.quiet_hours.covers(self.local(moment).time())
