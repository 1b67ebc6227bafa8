"""Schemathesis over the addresses of lives.

They follow from tables and share their code. So each is tried less often, and without the edges of every schema; births
and reads of all kinds, steps of two.
"""

import re
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import settings

from tests.integration.documented import CHECKS, OF_LIVES, OFTEN, PLURALS, documented

_STEPS = rf"^/v1/({PLURALS})/{{life_id}}:"
_SOME_STEPS = r"^/v1/(needs|tasks)/"
_document = schemathesis.pytest.from_fixture("document").include(path_regex=OF_LIVES)
schema = _document.exclude(lambda found: _is_one_of_many(found.operation.path))


def _is_one_of_many(path: str) -> bool:
    return bool(re.match(_STEPS, path)) and not re.match(_SOME_STEPS, path)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    with documented(tmp_path_factory.mktemp("house"), coverage=False) as found:
        yield found


@pytest.mark.slow
@schema.parametrize()
@settings(OFTEN, max_examples=8)
def test_every_answer_about_a_life_is_in_the_document(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)
