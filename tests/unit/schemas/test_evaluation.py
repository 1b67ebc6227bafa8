"""Evaluations under seal: who may commit, when what is said comes to light, and that it is what was committed to."""

from hashlib import sha256

import pytest

from schemas.lives.evaluation import Evaluation, are_in, are_shown, digest_of, seal, show
from schemas.refusals import Refused
from schemas.stories.teller import CENTRE, HALL, MEMBER, day

PARTIES = (HALL, CENTRE)
UNTIL = day(14)
SALT = "00112233445566778899aabbccddeeff"


def committed(party: str, *, score: int = 4, text: str = "周到", on: int = 1) -> Evaluation:
    digest = digest_of(project="p-1", party=party, score=score, text=text, salt=SALT)
    return Evaluation(party=party, digest=digest, sealed_at=day(on))


def shown(party: str, *, score: int = 4, text: str = "周到", on: int = 2) -> Evaluation:
    told = committed(party, score=score, text=text, on=on)
    return told.model_copy(update={"score": score, "text": text, "salt": SALT})


def sealed(*parties: str) -> tuple[Evaluation, ...]:
    found: tuple[Evaluation, ...] = ()
    for party in parties:
        found = seal(found, committed(party), parties=PARTIES, until=UNTIL)
    return found


def code(call: object, *arguments: object) -> str:
    with pytest.raises(Refused) as refused:
        call(*arguments, parties=PARTIES, until=UNTIL)  # type: ignore[operator]
    return refused.value.code


def test_anybody_can_reckon_the_digest_from_what_is_shown() -> None:
    lines = f"{SALT}\np-1\n{HALL}\n5\n饭菜合口"
    expected = sha256(lines.encode("utf-8")).hexdigest()
    assert digest_of(project="p-1", party=HALL, score=5, text="饭菜合口", salt=SALT) == expected


@pytest.mark.parametrize(
    "other", [{"project": "p-2"}, {"party": CENTRE}, {"score": 4}, {"text": "饭菜"}, {"salt": SALT[::-1]}]
)
def test_every_part_of_what_is_said_is_committed_to(other: dict[str, object]) -> None:
    said: dict[str, object] = {"project": "p-1", "party": HALL, "score": 5, "text": "饭菜合口", "salt": SALT}
    assert digest_of(**said | other) != digest_of(**said)  # type: ignore[arg-type]


def test_each_party_commits_once_and_nobody_else_does() -> None:
    assert are_in(PARTIES, sealed(HALL, CENTRE))
    assert not are_in(PARTIES, sealed(HALL))
    assert code(seal, sealed(HALL), committed(HALL, score=1)) == "already_done"
    assert code(seal, sealed(HALL), committed(MEMBER)) == "not_a_party"


def test_who_comes_at_the_deadline_comes_too_late() -> None:
    assert code(seal, sealed(HALL), committed(CENTRE, on=14)) == "too_late"
    assert len(seal(sealed(HALL), committed(CENTRE, on=13), parties=PARTIES, until=UNTIL)) == 2


def test_nothing_is_shown_before_all_are_in_or_the_time_is_over() -> None:
    assert code(show, sealed(HALL), shown(HALL, on=13)) == "evaluation_sealed"
    by_time = show(sealed(HALL), shown(HALL, on=14), parties=PARTIES, until=UNTIL)
    assert are_shown(by_time)
    both = show(sealed(HALL, CENTRE), shown(HALL), parties=PARTIES, until=UNTIL)
    assert [each.text for each in both] == ["周到", None]
    assert not are_shown(both)


def test_what_is_shown_is_what_was_committed_to() -> None:
    both = sealed(HALL, CENTRE)
    assert code(show, both, shown(HALL, score=5)) == "evaluation_differs"
    assert code(show, both, shown(HALL, text="很周到")) == "evaluation_differs"
    assert code(show, both, shown(MEMBER)) == "not_a_party"
    once = show(both, shown(HALL), parties=PARTIES, until=UNTIL)
    assert (once[0].sealed_at, once[0].shown_at) == (day(1), day(2))
    assert code(show, once, shown(HALL)) == "already_done"
