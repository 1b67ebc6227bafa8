"""What a request mentions, by the names under which writers know it: any word of it may be an id or a party.

The lists come some milliseconds behind the log. Whoever has just posted an entry, or enrolled somebody, may name it in
the next request, which therefore waits until the lists show what this process wrote last of whatever is mentioned.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from schemas.base import Fact
from schemas.enrolment import EnrolmentKind
from schemas.lives import BY_KIND
from schemas.lives.enrolment import party_of

_PREFIXES: Final = ("resource:", "demand:", *(f"life:{kind}:" for kind in BY_KIND))


def entities_in(said: object) -> Iterator[str]:
    """Yield the name of everything that the words of ``said`` can mean, whether or not there is such a thing."""
    match said:
        case str():
            yield from _meant(said)
        case Fact():
            yield from entities_in(dict(said))
        case Mapping():
            yield from entities_in(said.values())
        case Iterable():
            for each in said:
                yield from entities_in(each)


def _meant(word: str) -> Iterator[str]:
    yield word
    yield from (f"{word}:{kind}" for kind in EnrolmentKind)
    yield from (f"{prefix}{word}" for prefix in _PREFIXES)
    enrolled = party_of(word)
    if enrolled is not None:
        party, kind = enrolled
        yield party if kind is None else f"{party}:{kind}"
