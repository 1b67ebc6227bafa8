"""How people would answer assignments in a history that did not happen: from the record, else by a stated guess.

1. An assignment that the record holds, too, is answered by the record itself: nothing is made up here.
2. Another assignment of the same demand and resource is answered as that pair was, after the same delays; where the
   pair let a proposal expire, it is silent again. The last assignment of the pair that came to an answer counts.
3. A pair that the record does not know is guessed: accepted after the median time of an acceptance, and done after
   the median time of this resource, else of all. But where the record shows the resource at another job at that moment,
   or before the guessed one would be over, it takes the place of that one and ends when that did, or goes on if that
   does. Where nobody ever reported a job done, none is.
4. The guess can be set otherwise (``Guess``). Nothing is drawn by lot: a share falls by a hash of the pair.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from math import inf
from statistics import median_low
from typing import Final, Literal, NamedTuple

from matcher.state.fold import to_ms
from schemas.base import Fact
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal, RoundDecided

Word = Literal["accepted", "declined", "done", "no_show"]
Unseen = Literal["accept", "shares", "silent"]
"""What a pair says that the record does not know: yes; in the record's shares; nothing."""

_WORDS: Final[dict[type[Fact], Word]] = {
    AssignmentAccepted: "accepted",
    AssignmentDeclined: "declined",
    AssignmentDone: "done",
    AssignmentNoShow: "no_show",
}


class Saying(NamedTuple):
    """One answer: so many ms after the round that made the assignment."""

    after_ms: int
    word: Word


@dataclass(frozen=True, slots=True)
class Guess:
    """What to assume of pairs that the record does not know. A time of None is the record's, see rule 3."""

    unseen: Unseen = "accept"
    answer_after_ms: int | None = None
    done_after_ms: int | None = None


class _Asked(NamedTuple):
    pair: tuple[str, str]
    at_ms: int
    auto: bool


class AnswerRecord:
    """Collects, round by round, who was asked what and what was said."""

    def __init__(self) -> None:
        self.asked: dict[str, _Asked] = {}
        self.said: dict[str, list[Saying]] = defaultdict(list)
        self.silent: set[str] = set()
        self.dropped: set[str] = set()
        """Assignments that were revoked, or expired."""

    def propose(self, decided: RoundDecided) -> None:
        """Take note of the assignments of a round, and of those that nobody answered."""
        at_ms = to_ms(decided.decided_at)
        for given in decided.proposals:
            pair = given.demand_id, given.resource_id
            self.asked[given.assignment_id] = _Asked(pair, at_ms, given.auto_accepted)
        self.dropped |= {moved.assignment_id for moved in decided.transitions if moved.to in ("revoked", "expired")}
        self.silent |= {moved.assignment_id for moved in decided.transitions if moved.reason == "no_answer"}

    def answer(self, data: Fact) -> None:
        """Take note of an answer; of others than answers nothing is noted, nor of answers to nothing."""
        word = _WORDS.get(type(data))
        if word is None or not isinstance(
            data, AssignmentAccepted | AssignmentDeclined | AssignmentDone | AssignmentNoShow
        ):
            return
        asked = self.asked.get(data.assignment_id)
        if asked is not None:
            self.said[data.assignment_id].append(Saying(max(to_ms(data.at) - asked.at_ms, 0), word))


class Answers:
    """The model: see the module's rules."""

    def __init__(self, record: AnswerRecord, guess: Guess) -> None:
        self._recorded: Mapping[str, _Asked] = record.asked
        self.guess = guess
        self._pairs = _pairs(record)
        accepted = _delays(record, "accepted", auto=False)
        self.answer_after_ms = _first(guess.answer_after_ms, _median(accepted.values())) or 0
        """How long an acceptance takes where it is guessed."""
        done = _delays(record, "done")
        self.done_after_ms = _first(guess.done_after_ms, _median(done.values()))
        """How long a job takes, from assignment to report, where neither pair nor resource tell; None: for ever."""
        self._done_of = {} if guess.done_after_ms is not None else _by_resource(record, done)
        self._work_of = {} if guess.done_after_ms is not None else _work(record, done)
        self.shares: Counter[str] = _shares(record)
        """How assignments that had to be answered ended in the record: accepted, declined, no_show, silent."""

    def is_recorded(self, assignment_id: str) -> bool:
        """Return whether the record holds this very assignment."""
        return assignment_id in self._recorded

    def knows(self, given: Proposal) -> bool:
        """Return whether the record tells how this pair answers."""
        return (given.demand_id, given.resource_id) in self._pairs

    def of(self, given: Proposal, *, at_ms: int) -> list[Saying]:
        """Return what will be said of an assignment of ``at_ms`` that the record does not hold, in order of time."""
        found = self._pairs.get((given.demand_id, given.resource_id))
        if found is None:
            return self._guessed(given, at_ms)
        if given.auto_accepted:
            return [saying for saying in found if saying.word != "accepted"]
        if found and all(saying.word == "done" for saying in found):  # it was accepted beforehand then
            return sorted([Saying(0, "accepted"), *found])
        return list(found)

    def _guessed(self, given: Proposal, at_ms: int) -> list[Saying]:
        end = self._end(given)
        if end == "silent":
            return []
        yes_ms = 0 if given.auto_accepted else self.answer_after_ms
        if end == "declined":
            return [Saying(yes_ms, "declined")]
        yes = [] if given.auto_accepted else [Saying(yes_ms, "accepted")]
        done_ms = self._done_after(given.resource_id, at_ms)
        if done_ms is None:
            return yes
        return [*yes, Saying(max(done_ms, yes_ms), "no_show" if end == "no_show" else "done")]

    def _done_after(self, resource_id: str, at_ms: int) -> int | None:
        guess_ms = self._done_of.get(resource_id, self.done_after_ms)
        if guess_ms is None or resource_id not in self._work_of:
            return guess_ms
        return self._work_of[resource_id].over_after(at_ms, guess_ms)

    def _end(self, given: Proposal) -> str:
        if given.auto_accepted or self.guess.unseen == "accept":
            return "accepted"
        total = self.shares.total()
        if self.guess.unseen == "silent" or not total:
            return "silent" if self.guess.unseen == "silent" else "accepted"
        place = int.from_bytes(
            blake2b(f"{given.demand_id}|{given.resource_id}".encode(), digest_size=8).digest(), "big"
        )
        place %= total
        for end in sorted(self.shares):
            if place < self.shares[end]:
                return end
            place -= self.shares[end]
        raise AssertionError("the shares add up to their total")


class Work:
    """The jobs of one resource; each is (begun, done) in ms, done ``inf`` where it goes on."""

    def __init__(self, jobs: Iterable[tuple[int, float]]) -> None:
        self._jobs = sorted(jobs)
        self._latest = list(accumulate((done_ms for _, done_ms in self._jobs), max))

    def over_after(self, at_ms: int, guess_ms: int) -> int | None:
        """Return how long another job of that moment takes; None where it goes on.

        It ends with the last begun of those in work then; else with the first to begin before the guess is over.
        """
        done_ms = self._in_place_of(at_ms, guess_ms)
        return None if done_ms == inf else int(done_ms) - at_ms

    def _in_place_of(self, at_ms: int, guess_ms: int) -> float:
        after = bisect_right(self._jobs, (at_ms, inf))
        for place in range(after - 1, -1, -1):
            if self._latest[place] <= at_ms:
                break
            if self._jobs[place][1] > at_ms:
                return self._jobs[place][1]
        if after < len(self._jobs) and self._jobs[after][0] < at_ms + guess_ms:
            return self._jobs[after][1]
        return at_ms + guess_ms


def _work(record: AnswerRecord, done: Mapping[str, int]) -> dict[str, Work]:
    jobs: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for name, asked in record.asked.items():
        if name in done:
            jobs[asked.pair[1]].append((asked.at_ms, asked.at_ms + done[name]))
        elif (
            name not in record.dropped
            and _ending({saying.word for saying in record.said.get(name, ())}, auto=asked.auto) == "accepted"
        ):
            jobs[asked.pair[1]].append((asked.at_ms, inf))
    return {resource: Work(of_resource) for resource, of_resource in jobs.items()}


def _pairs(record: AnswerRecord) -> dict[tuple[str, str], list[Saying]]:
    """Return what each pair said to the last assignment of it that came to an answer, or to silence."""
    return {
        asked.pair: sorted(record.said.get(name, []))
        for name, asked in record.asked.items()
        if name in record.silent or record.said.get(name)
    }


def _delays(record: AnswerRecord, word: Word, *, auto: bool | None = None) -> dict[str, int]:
    """Return when (ms) such an answer first came to each assignment; ``auto``: of those accepted beforehand, or not."""
    return {
        name: min(saying.after_ms for saying in said if saying.word == word)
        for name, said in record.said.items()
        if auto in (None, record.asked[name].auto) and any(saying.word == word for saying in said)
    }


def _by_resource(record: AnswerRecord, delays: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, list[int]] = defaultdict(list)
    for name, delay_ms in delays.items():
        found[record.asked[name].pair[1]].append(delay_ms)
    return {resource: median_low(of_resource) for resource, of_resource in found.items()}


def _shares(record: AnswerRecord) -> Counter[str]:
    ends = (
        _ending({saying.word for saying in record.said.get(name, ())}, silent=name in record.silent)
        for name, asked in record.asked.items()
        if not asked.auto
    )
    return Counter(end for end in ends if end)


def _ending(words: set[Word], *, auto: bool = False, silent: bool = False) -> str | None:
    if "declined" in words:
        return "declined"
    if "no_show" in words:
        return "no_show"
    if words or auto:
        return "accepted"
    return "silent" if silent else None


def _median(delays: Iterable[int]) -> int | None:
    found = list(delays)
    return median_low(found) if found else None


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
