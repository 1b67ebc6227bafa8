"""Histories and the ways in which a reader may come upon them.

A history is drawn from a seed: sixty doings drawn one by one would rarely come to a match.
"""

from collections.abc import Callable, Sequence
from random import Random

from hypothesis import strategies as st

from tests.unit.readmodel.story import Located, Story

_STEPS = (1, 1, 1, 1, 1, 2, 0, -1)


def _post(story: Story, random: Random) -> None:
    lines = [(random.choice((0, 0, 0, 1, 2, 3)), random.randint(1, 3)) for _ in range(random.randint(1, 3))]
    hours = random.choice((20, 48, 48, 200))
    story.post(random.randrange(8), lines=lines, hours=hours, step=random.choice(_STEPS))


def _offer(story: Story, random: Random) -> None:
    story.offer(
        random.randrange(8),
        item=random.choice((0, 0, 0, 1, 2, 3)),
        capacity=random.randint(1, 3),
        auto=random.random() < 0.3,
        step=random.choice(_STEPS),
    )


_DOINGS: dict[Callable[[Story, Random], object], int] = {
    _post: 4,
    _offer: 4,
    lambda story, random: story.decide(random.randrange(2)): 8,
    lambda story, random: story.answer(random.randrange(50), kind=random.choice((0, 0, 0, 1, 2, 2, 3))): 12,
    lambda story, random: story.wait(random.choice((1, 1, 5, 13, 25))): 2,
    lambda story, random: story.change_demand(
        random.randrange(9), whistle=random.random() < 0.6, step=random.choice(_STEPS)
    ): 2,
    lambda story, random: story.end_resource(
        random.randrange(9), suspend=random.random() < 0.6, step=random.choice(_STEPS)
    ): 2,
    lambda story, random: story.claim(random.randrange(8), random.randrange(8), by_provider=random.random() < 0.5): 4,
    lambda story, random: story.drop_claim(random.randrange(20)): 1,
    lambda story, random: story.crash(random.randrange(50)): 1,
    lambda story, random: story.refuse(random.randrange(5)): 1,
    lambda story, random: story.enrol(random.randrange(6), street=random.randrange(6)): 2,
}


def story_of(seed: int) -> Story:
    """A history of some demands, some resources, and up to eighty doings, rounds among them."""
    random = Random(seed)
    story = Story()
    for _ in range(random.randint(0, 6)):
        _post(story, random)
        _offer(story, random)
    for doing in random.choices(list(_DOINGS), weights=list(_DOINGS.values()), k=random.randint(5, 80)):
        doing(story, random)
    return story


stories = st.builds(story_of, seed=st.integers(0, 2**32))


def interleaved(story: Story, random: Random) -> list[list[Located]]:
    """The history as one reader may get it: the order within a partition holds, between them none does."""
    places = [place for place, events in story.log.items() for _ in events]
    random.shuffle(places)
    read = dict.fromkeys(story.log, 0)
    found: list[Located] = []
    for place in places:
        found.append(((*place, read[place]), story.log[place][read[place]]))
        read[place] += 1
    return _cut(found, random)


def _cut(found: Sequence[Located], random: Random) -> list[list[Located]]:
    """Cut into batches, some of which bring again what came just before."""
    batches = []
    start = 0
    while start < len(found):
        end = start + random.choice([1, 2, 5, 20, 100])
        again = random.choice([0, 0, 0, 3])
        batches.append(list(found[max(0, start - again) : end]))
        start = end
    return batches
