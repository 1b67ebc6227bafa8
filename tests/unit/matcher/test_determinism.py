"""The same log gives the same bytes in another process, whatever its hash seed."""

import hashlib
import os
import random
import subprocess
import sys

from matcher.state import snapshot
from schemas.demands import Urgency
from tests.builders import HERE, SAME_DISTRICT, SAME_STREET, SMALL_CATALOGUE, at, line, offered, posted, window
from tests.town import Town

_PROGRAM = "from tests.unit.matcher.test_determinism import fingerprint; print(fingerprint())"


def fingerprint() -> str:
    """Return a digest of three rounds and the state after them, of a town in which ties are common."""
    draw, items = random.Random(7), sorted(SMALL_CATALOGUE.items)
    town, digest = Town(), hashlib.sha256()
    for number in range(60):
        home, qualifications = draw.choice([HERE, SAME_STREET, SAME_DISTRICT]), ("medical_licence", "insurance")
        windows = tuple(window(start, start + 6) for start in draw.sample(range(12), 2))
        town.tell(
            offered(f"r{number}", item=draw.choice(items), home=home, windows=windows, qualifications=qualifications),
            posted(f"d{number}", line(draw.choice(items), draw.randint(1, 2)), urgency=draw.choice(list(Urgency))),
        )
    for hour in range(3):
        decided = town.round(at(hour))
        digest.update(decided.model_dump_json().encode())
        for proposal in decided.proposals[::2]:
            town.answer(proposal, draw.choice(("accepted", "declined", "done")))
    digest.update(snapshot.dump(town.state))
    return digest.hexdigest()


def test_two_processes_with_other_hash_seeds_decide_the_same_bytes() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "4242")
    }
    assert told == {fingerprint()}
