"""Schemathesis over the whole OpenAPI document: no fault of ours, and no answer that the document does not have.

The stream is left out: it never ends. Addresses of lives have ``test_schemathesis_lives``.
"""

from collections.abc import Iterator

import pytest
import schemathesis

from tests.integration.documented import CHECKS, OF_LIVES, OFTEN, documented

schema = schemathesis.pytest.from_fixture("document").exclude(path="/v1/stream").exclude(path_regex=OF_LIVES)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    with documented(tmp_path_factory.mktemp("house"), coverage=True) as found:
        yield found


@pytest.mark.slow
@schema.parametrize()
@OFTEN
def test_every_answer_is_in_the_document(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)
