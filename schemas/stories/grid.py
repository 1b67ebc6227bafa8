"""A community draws a grid, names its head; a member and a team come to serve, and in the end it is merged away."""

from typing import Final

from schemas.lives.grid import GridDissolved, GridDrawn, GridEntrusted, GridJoined, GridLeft, GridRenamed
from schemas.stories.teller import HALL, MEMBER, Teller

_cell = Teller("g-20261102-0001")

STORY: Final = (
    _cell.tell(GridDrawn, by=HALL, title="东三网格", grid="G03-02"),
    _cell.tell(GridEntrusted, by=HALL, lead=MEMBER),
    _cell.tell(GridJoined, by=HALL, party="team:t-night-watch"),
    _cell.tell(GridRenamed, by=HALL, title="虹桥三号网格"),
    _cell.tell(GridLeft, by="team:t-night-watch", party="team:t-night-watch"),
    _cell.tell(GridDissolved, by=HALL, reason="并入 G03-01"),
)  # fmt: skip
