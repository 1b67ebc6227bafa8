"""What is being handled in the demo's district: stories of the contract, begun at other places and broken off halfway.

Only of kinds that stand by themselves: what would follow on the lists from other ones has its own way there.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from schemas.lifecycle import Step
from schemas.stories import STORIES

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
                for step in kept:
                    moved = {"id": f"{life_id}-{copy + 1}", "community": place, "at": step.at + later}
                    yield step.model_copy(update=moved)
