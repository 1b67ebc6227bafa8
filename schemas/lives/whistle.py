"""Whistles 吹哨: a street or community calls departments and units; they come, handle it together, are scored.

1. Whoever is called has a clock of his own: he is to arrive so many minutes after he was called.
2. The first to arrive begins the joint handling; the clocks of the others run on.
3. Where a clock has run out, the district may be called; those who have not come get a new one.
4. Each response is scored, 5 is the best, by whoever blew. Nobody is ranked: a department sees its own.
"""

from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import Field

from schemas.base import Detail, EntityId, Fact, Moment, PartyRef, Reason, Title, unsaid
from schemas.lifecycle import PLACE, SYSTEM, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused

MOST_CALLED: Final = 30
"""Parties of one whistle."""
Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60, description="To arrive within, from when the call was made.")]


class Call(Fact):
    """Somebody is called, and how long he has to arrive."""

    party: PartyRef
    minutes: Minutes = 60


class Response(Fact):
    """What came of a call."""

    party: PartyRef
    called_at: Moment
    due: Moment
    arrived_at: Moment | None = None
    answer: Detail = ""
    score: int | None = None
    remark: Detail = ""


class WhistleBlown(Step):
    """Units or departments were called to a place, about a demand or without one."""

    title: Title
    detail: Detail = ""
    called: Annotated[tuple[Call, ...], Field(min_length=1, max_length=MOST_CALLED)]
    about: Annotated[EntityId | None, Field(exclude_if=unsaid, description="The demand it is about.")] = None


class WhistleCalled(Step):
    """Somebody else was called, too."""

    party: PartyRef
    minutes: Minutes = 60


class WhistleAnswered(Step):
    """Somebody who was called answered: on the way, or whose matter it is."""

    answer: Annotated[Detail, Field(min_length=1)]


class WhistleArrived(Step):
    """Somebody who was called is there."""


class WhistleNoted(Step):
    """What was found or agreed while it was handled together."""

    note: Annotated[Detail, Field(min_length=1)]


class WhistleHandled(Step):
    """It is done."""

    outcome: Annotated[Detail, Field(min_length=1)]


class WhistleEscalated(Step):
    """A clock ran out: the level above was called, and whoever has not come has a new clock."""

    to: PartyRef
    minutes: Minutes = 60


class WhistleScored(Step):
    """Whoever blew scored one response."""

    party: PartyRef
    score: Annotated[int, Field(ge=1, le=5, description="5 is the best.")]
    remark: Detail = ""


class WhistleClosed(Step):
    """Every response was scored, and that is that."""


class WhistleCancelled(Step):
    """Nobody need come."""

    reason: Reason


class Whistle(Life):
    """A whistle as it stands; ``due`` is the first clock that is still running."""

    detail: Detail = ""
    about: EntityId | None = None
    responses: tuple[Response, ...]
    outcome: Detail = ""
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who blew, and who was called."""
        return (self.opened_by, *(each.party for each in self.responses))

    @classmethod
    def born(cls, fact: Step) -> Self:
        """Return the whistle that was blown; of two calls of one party the first counts."""
        if not isinstance(fact, WhistleBlown):
            raise TypeError(f"no whistle begins with {type(fact).__name__}")
        calls = {call.party: call for call in reversed(fact.called)}
        responses = tuple(_called(calls[party], at=fact.at) for party in dict.fromkeys(c.party for c in fact.called))
        return cls(
            id=fact.id,
            step=fact.step,
            state="",
            community=fact.community,
            title=fact.title,
            detail=fact.detail,
            about=fact.about,
            opened_by=fact.by,
            opened_at=fact.at,
            since=fact.at,
            responses=responses,
            due=_first_clock(responses),
        )

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes.

        Raises:
            Refused: ``not_yours`` of one who was not called; ``not_possible_now`` of one who is there already, was
                called or scored before, or where a response is not scored; ``too_early`` while every clock runs.
        """
        match fact:
            case WhistleArrived():
                if self.response(fact.by).arrived_at is not None:
                    raise Refused("not_possible_now", f"{fact.by} is there already")
                responses = self._with(fact.by, arrived_at=fact.at)
            case WhistleAnswered():
                responses = self._with(fact.by, answer=fact.answer)
            case WhistleScored():
                if self.response(fact.party).score is not None:
                    raise Refused("not_possible_now", f"{fact.party} was scored")
                responses = self._with(fact.party, score=fact.score, remark=fact.remark)
            case WhistleCalled():
                responses = self._joined(Call(party=fact.party, minutes=fact.minutes), at=fact.at)
            case WhistleEscalated():
                responses = self._escalated(fact)
            case WhistleClosed():
                if any(each.score is None for each in self.responses):
                    raise Refused("not_possible_now", "every response is to be scored")
                responses = self.responses
            case _:
                responses = self.responses
        over = isinstance(fact, WhistleHandled | WhistleScored | WhistleClosed | WhistleCancelled)
        named = {name: value for name, value in super().after(fact).items() if name in ("outcome", "reason")}
        return named | {"responses": responses, "due": None if over else _first_clock(responses)}

    def response(self, party: PartyRef) -> Response:
        """Return the response of a party; raise Refused ``not_yours`` where it was not called."""
        found = next((each for each in self.responses if each.party == party), None)
        if found is None:
            raise Refused("not_yours", f"{party} was not called")
        return found

    def _with(self, party: PartyRef, **said: Any) -> tuple[Response, ...]:
        changed = self.response(party).model_copy(update=said)
        return tuple(changed if each.party == party else each for each in self.responses)

    def _joined(self, call: Call, *, at: Moment) -> tuple[Response, ...]:
        if any(each.party == call.party for each in self.responses):
            raise Refused("not_possible_now", f"{call.party} was called")
        if len(self.responses) == MOST_CALLED:
            raise Refused("not_possible_now", f"{MOST_CALLED} are called already")
        return (*self.responses, _called(call, at=at))

    def _escalated(self, fact: WhistleEscalated) -> tuple[Response, ...]:
        if self.due is None or fact.at < self.due:
            raise Refused("too_early", "every clock still runs")
        renewed = tuple(
            each if each.arrived_at else each.model_copy(update={"due": _clock(fact.at, fact.minutes)})
            for each in self.responses
        )
        call = Call(party=fact.to, minutes=fact.minutes)
        is_new = all(each.party != fact.to for each in renewed)
        return (*renewed, _called(call, at=fact.at)) if is_new else renewed


def _clock(at: Moment, minutes: int) -> Moment:
    return at + timedelta(minutes=minutes)


def _called(call: Call, *, at: Moment) -> Response:
    return Response(party=call.party, called_at=at, due=_clock(at, call.minutes))


def _first_clock(responses: tuple[Response, ...]) -> Moment | None:
    return min((each.due for each in responses if each.arrived_at is None), default=None)


_BLOWERS: Final = ("community", "office")
_CALLED: Final = ("unit", "office", "team", "community", "member")
_WAITING: Final = ("blown", "escalated")
_OPEN: Final = (*_WAITING, "handling")

WHISTLE: Final = Lifecycle(
    kind="whistle",
    plural="whistles",
    zh="吹哨",
    en="whistle",
    record=Whistle,
    whose=("opened_by",),
    states={
        "blown": State("已吹哨", "blown"),
        "escalated": State("已提级", "escalated"),
        "handling": State("联合处置", "being handled", days=3),
        "handled": State("已处置", "handled", days=3),
        "closed": State("已办结", "closed", is_open=False),
        "cancelled": State("已取消", "cancelled", is_open=False),
    },
    refuses=("not_found", "too_early", "already_withdrawn"),
    moves=(
        Move("blow", WhistleBlown, "吹哨", (), "blown", _BLOWERS, whose=(PLACE,), en="blow the whistle"),
        Move("call", WhistleCalled, "增派", _OPEN, None, _BLOWERS),
        Move("answer", WhistleAnswered, "应答", _OPEN, None, _CALLED, whose=("parties",)),
        Move("arrive", WhistleArrived, "报到", _OPEN, "handling", _CALLED, whose=("parties",)),
        Move("note", WhistleNoted, "记录", ("handling",), whose=("parties", PLACE)),
        Move(
            "escalate",
            WhistleEscalated,
            "提级",
            _WAITING,
            "escalated",
            (*_BLOWERS, "system"),
            whose=("opened_by", PLACE, SYSTEM),
        ),
        Move("handle", WhistleHandled, "处置完毕", ("handling",), "handled", whose=("parties", PLACE)),
        Move("score", WhistleScored, "评分", ("handled",), None, _BLOWERS),
        Move("close", WhistleClosed, "办结", ("handled",), "closed", _BLOWERS),
        Move("cancel", WhistleCancelled, "取消", _OPEN, "cancelled", _BLOWERS),
    ),
)
