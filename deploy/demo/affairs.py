"""What is being handled in the demo's district: stories of the contract, begun at other places and broken off halfway.

Only of kinds that stand by themselves: what would follow on the lists from other ones has its own way there.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from schemas.lifecycle import Step, take
from schemas.lives import OF_FACT
from schemas.refusals import Refused
from schemas.regions import Level, pad, prefix_of
from schemas.stories import STORIES
from schemas.stories.teller import DISTRICT, HALL, STREET

KINDS: Final = ("task", "project", "agreement", "meeting", "whistle", "post")
COPIES: Final = 4
"""Of each story, each at another place and of another length."""


def affairs(communities: Sequence[str], *, now: datetime, seed: int) -> Iterator[Step]:
    """Yield the steps of lives in ``communities``, in order; the last of each lies in the week before ``now``."""
    chance = random.Random(f"{seed} affairs")  # noqa: S311 - a story, no secret
    for kind in KINDS:
        for life_id, told in groupby(STORIES.get(kind, ()), key=lambda step: step.id):
            steps = sorted(told, key=lambda step: step.step)
            for copy in range(COPIES):
                kept = steps[: chance.randint(1, len(steps))]
                later = now - timedelta(hours=chance.randint(1, 7 * 24)) - kept[-1].at
                place = chance.choice(communities)
                moved = {"id": f"{life_id}-{copy + 1}", "community": place}
                elsewhere = [step.model_copy(update=moved | {"at": step.at + later}) for step in kept]
                yield from _as_far_as_it_goes(_at_home(step, place) for step in elsewhere)


def _as_far_as_it_goes(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps of a life up to the first that is void: days and seals of a story hold only where it was told."""
    life = None
    for step in steps:
        try:
            life = take(OF_FACT[type(step)], life, step)
        except Refused:
            return
        yield step


def _at_home(step: Step, place: str) -> Step:
    """Return a step in which the place's own community and offices act, so that visitors can go on in their names."""
    told = step.model_dump_json(exclude_unset=True)
    for stranger, own in (
        (HALL, f"community:{place}"),
        (STREET, f"office:{pad(prefix_of(place, Level.STREET))}"),
        (DISTRICT, f"office:{pad(prefix_of(place, Level.DISTRICT))}"),
    ):
        told = told.replace(f'"{stranger}"', f'"{own}"')
    return type(step).model_validate_json(told)
