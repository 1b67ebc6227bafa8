"""Evaluations of both sides: kept in a drawer, committed to on the log, and shown when all are in or the time is over.

1. A party's text is kept before its digest is published, so that what the log has can always be shown.
2. What may be shown is shown at once by whoever came last, and after a crash or a deadline when the house next looks.
3. Nobody's words leave the drawer before: neither a list nor an answer has them.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from anyio.to_thread import run_sync

from api.commands import Command, keyed
from api.drawer import Drawer, Words
from api.entries import ANY, Change
from api.living import Living
from api.reading import Reading
from api.readmodel.queries.lives import get_life
from schemas.lifecycle import Life, take
from schemas.lives.project import PROJECT, Project
from schemas.lives.project_steps import ProjectEvaluationRevealed, ProjectEvaluationSealed
from schemas.refusals import Refused

log = structlog.get_logger(__name__)

HOUSE = "system:cobuild"
"""Who shows what was under seal."""
_OVER = ("evaluated", "closed")
"""Only then the drawer is emptied: lists that are being made anew know of a project what they have come to so far."""


class Evaluating:
    """Takes evaluations and shows them in time."""

    def __init__(self, *, living: Living, reading: Reading, drawer: Drawer) -> None:
        self._living = living
        self._reading = reading
        self._drawer = drawer

    async def evaluate(
        self, project_id: str, *, by: str, score: int, text: str, version: int = ANY, command: Command
    ) -> Change:
        """Keep what a party says and commit to it; where it was the last to come, show what all have said.

        Raises:
            Refused: ``not_found``, ``not_possible_now``, ``not_a_party``, ``already_done``, ``too_late``,
                ``stale_version``, ``overtaken``.
        """
        words = Words(project=project_id, party=by, score=score, text=text)
        digest = self._drawer.digest(words)

        def make(life: Life) -> ProjectEvaluationSealed:
            ours = {"id": life.id, "step": life.step + 1, "community": life.community, "at": command.at}
            return ProjectEvaluationSealed(by=by, digest=digest, **ours)

        if command.repeat or await self._would_count(project_id, make):
            await run_sync(partial(self._drawer.put, words, at=command.at))
        sealed = await self._living.act(PROJECT, project_id, make, version=version, command=command)
        try:
            return await self.show(project_id, at=command.at) or sealed
        except Refused as refused:  # the commitment counts; the house looks again soon
            log.warning("evaluations not shown yet", project=project_id, code=refused.code)
            return sealed

    async def show(self, project_id: str, *, at: datetime) -> Change | None:
        """Show what is in the drawer and may be shown; return the last change, None where there was none."""
        project = await self._project(project_id)
        if project is not None and project.state in _OVER:
            await run_sync(self._drawer.empty, project_id)
        if project is None or not project.may_show(at):
            return None
        kept, change = await run_sync(self._drawer.of, project_id), None
        for sealed in project.evaluations:
            if sealed.shown_at is None and sealed.digest in kept:
                change = await self._show(project_id, kept[sealed.digest], at=at)
        return change

    async def kept(self) -> list[str]:
        """Return the projects of which something is in the drawer."""
        return await run_sync(self._drawer.projects)

    async def _show(self, project_id: str, words: Words, *, at: datetime) -> Change:
        def make(life: Life) -> ProjectEvaluationRevealed:
            ours = {"id": life.id, "step": life.step + 1, "community": life.community, "by": HOUSE, "at": at}
            said = {"party": words.party, "score": words.score, "text": words.text, "salt": self._drawer.salt(words)}
            return ProjectEvaluationRevealed.model_validate(ours | said)

        command = keyed(f"shown {project_id} {words.party}", at=at, repeat=False)
        return await self._living.act(PROJECT, project_id, make, command=command)

    async def _would_count(self, project_id: str, make: Callable[[Life], ProjectEvaluationSealed]) -> bool:
        project = await self._project(project_id)
        try:
            return project is not None and bool(take(PROJECT, project, make(project)))
        except Refused:
            return False

    async def _project(self, project_id: str) -> Project | None:
        found = await self._reading.query(get_life, kind="project", life_id=project_id)
        return None if found is None else found.life
