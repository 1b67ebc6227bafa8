"""The bench of previews: it compares like with like, and says so where they differ."""

from typing import Any

import pytest

from deploy.bench import preview
from matcher.reasons.odds import preview_demand
from schemas.preview import DemandPreview


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "CHECKED", 3)


def test_both_pools_are_measured_beside_whole_rounds() -> None:
    report = preview.run(forms=20)
    assert [figure.unit for figure in report.figures] == ["ms"] * 6
    assert all(figure.value > 0 for figure in report.figures)
    plenty, little = (report.figures[place].note for place in (0, 3))
    assert plenty == "20 demands, 0 of them short"
    assert int(little.split()[2]) > 0
    assert len(report.goals) == 2


def test_a_preview_that_says_something_else_than_the_round_fails_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    def boasting(*asked: Any) -> DemandPreview:
        told = preview_demand(*asked)
        return told.model_copy(update={"adds": told.adds + 1})

    monkeypatch.setattr(preview, "preview_demand", boasting)
    with pytest.raises(AssertionError, match="an insertion and a whole round differ"):
        preview.run(forms=20)
