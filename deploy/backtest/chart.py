"""A backtest as one picture: an SVG that any browser shows, without script, font or network."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from deploy.backtest.result import Backtest, Comparison, Group, Run
from deploy.backtest.table import hours, percent

WIDTH: Final = 960
MARGIN: Final = 24
SHOWN: Final = 10
"""Groups of each kind in the picture, those with most changes."""

_STYLE: Final = (
    "text{font:13px system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;fill:#1a202c}"
    ".head{font-size:15px;font-weight:600}.big{font-size:18px;font-weight:600}.note{fill:#4a5568;font-size:12px}"
    ".end{text-anchor:end}.mid{text-anchor:middle}.win{fill:#2b6cb0}.lose{fill:#c05621}.bar{fill:#4a7ab5}"
    ".first{fill:#a0aec0}.axis{stroke:#718096}"
)


class _Measure(NamedTuple):
    title: str
    of: Callable[[Run], float | None]
    said: Callable[[float | None], str]


_MEASURES: Final = (
    _Measure("覆盖率 Coverage: seats served of seats asked", lambda run: run.coverage, percent),
    _Measure("同街道 Helper of the same street or nearer", lambda run: run.near, percent),
    _Measure("等待 Hours waited, median of the served", lambda run: run.waiting.median_hours, hours),
    _Measure("等待 Hours waited, 90th percentile", lambda run: run.waiting.p90_hours, hours),
    _Measure("等待 Hours waited, mean of all asked", lambda run: run.waiting.mean_hours_of_all, hours),
    _Measure("负担 Given by the busiest tenth of providers", lambda run: run.load.busiest_tenth, percent),
)


class _Page:
    """Marks on a page that grows downwards."""

    def __init__(self) -> None:
        self.marks: list[str] = []
        self.y = float(MARGIN)

    def text(self, x: float, y: float, said: str, style: str = "") -> None:
        self.marks.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(said)}</text>')

    def bar(self, x: float, y: float, width: float, style: str) -> None:
        self.marks.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="13" class="{style}"/>')

    def line(self, said: str, style: str, height: float) -> None:
        """Write a line and go on below it."""
        self.text(MARGIN, self.y + 14, said, style)
        self.y += height


def svg(found: Backtest) -> str:
    """Return the picture of a backtest."""
    page, recorded = _Page(), found.runs[0]
    first, last = (f"{moment:%Y-%m-%d}" for moment in (found.first_round_at, found.last_round_at))
    page.line("回测 Backtest: " + ", ".join(run.name for run in found.runs), "big", 24)
    page.line(f"{first} – {last}, {recorded.rounds:,} rounds, {recorded.seats_asked:,} seats asked for", "note", 30)
    for place in range(0, len(_MEASURES), 2):
        for column, measure in enumerate(_MEASURES[place : place + 2]):
            _measure(page, measure, found.runs, x=MARGIN + column * WIDTH / 2)
        page.y += 30 + 20 * len(found.runs)
    for comparison in found.comparisons:
        _comparison(page, comparison)
    page.line(f"Counts of demands below {found.smallest_cell} are not shown.", "note", 20)
    height = page.y + MARGIN / 2
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">',
            f"<title>{escape('Backtest of ' + ', '.join(run.name for run in found.runs))}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>',
            *page.marks,
            "</svg>",
            "",
        ]
    )


def _measure(page: _Page, measure: _Measure, runs: Sequence[Run], *, x: float) -> None:
    page.text(x, page.y + 14, measure.title, "head")
    most = max((measure.of(run) or 0.0 for run in runs), default=0.0) or 1.0
    for place, run in enumerate(runs):
        y, found = page.y + 22 + 20 * place, measure.of(run)
        page.text(x, y + 11, run.name)
        page.bar(x + 150, y, 190 * (found or 0.0) / most, "bar" if place else "first")
        page.text(x + 156 + 190 * (found or 0.0) / most, y + 11, measure.said(found))


def _comparison(page: _Page, comparison: Comparison) -> None:
    page.line(f"受益与受损 Who wins and who loses under {comparison.policy}, beside the record", "head", 20)
    total = comparison.total
    counts = ", ".join(f"{_said(count)} {word}" for word, count in (("win", total.wins), ("lose", total.loses)))
    page.line(f"of {_said(total.demands)} demands {counts}: they get more seats, or fewer", "note", 24)
    top = page.y
    for column, (title, groups) in enumerate(
        (("街道 Streets", comparison.streets), ("类别 Categories", comparison.categories))
    ):
        page.y = top
        _groups(page, title, groups[:SHOWN], x=MARGIN + column * WIDTH / 2)
    page.y = top + 34 + 18 * max(len(comparison.streets[:SHOWN]), len(comparison.categories[:SHOWN]))


def _groups(page: _Page, title: str, groups: Sequence[Group], *, x: float) -> None:
    page.text(x, page.y + 12, title, "note")
    most = max((max(group.wins or 0, group.loses or 0) for group in groups), default=0) or 1
    middle = x + 290
    for place, group in enumerate(groups):
        y = page.y + 20 + 18 * place
        wins, loses = 85 * (group.wins or 0) / most, 85 * (group.loses or 0) / most
        page.text(x, y + 11, group.title[:28])
        page.bar(middle - loses, y, loses, "lose")
        page.bar(middle, y, wins, "win")
        page.text(middle - loses - 5, y + 11, _said(group.loses), "end note")
        page.text(middle + wins + 5, y + 11, _said(group.wins), "note")
    if groups:
        bottom = page.y + 18 + 18 * len(groups)
        page.marks.append(f'<path d="M{middle:.1f} {page.y + 16:.1f}V{bottom:.1f}" class="axis"/>')


def _said(count: int | None) -> str:
    return "·" if count is None else f"{count:,}"
