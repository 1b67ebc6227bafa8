"""Projects from a sheet: each row proposes one by the step that ``POST /v1/projects`` takes, in the sheet's order.

1. So a row is refused for what a request would be refused for, with the same code; a dry run asks the same and writes
   nothing.
2. What was proposed is taken back by its termination, in the name of whoever proposed it, while it is at its first
   step; one that went on is left alone.
3. What is no fault of a row, such as a log that is away, ends the import or its undoing; the next one goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from api.commands import Command
from api.errors import STATUS
from api.imports.projects import PROJECTS
from api.imports.report import Fault, fault
from api.living import Living
from api.positions import Position
from api.reading import Reading
from api.readmodel.queries.lives import get_life
from schemas.lifecycle import Life
from schemas.lives.project import PROJECT, Project
from schemas.lives.project_steps import ProjectProposed, ProjectTerminated
from schemas.refusals import Refused

REASON = "导入已撤销 import undone"
_COLUMN_OF = {"demand": "demands", "resource": "resources", "assignment": "assignments"}


def as_proposed(project: Project) -> ProjectProposed:
    """Return a project as it would be proposed today, after all revisions: what an export of it says."""
    said = {name: getattr(project, name) for name in ProjectProposed.model_fields if hasattr(project, name)}
    return ProjectProposed.model_construct(**said | {"step": 1, "by": project.opened_by, "at": project.opened_at})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """Proposes projects and takes proposals back."""

    living: Living
    reading: Reading

    async def propose(
        self, facts: Sequence[ProjectProposed], *, dry_run: bool, command: Command
    ) -> tuple[dict[str, Fault], list[Position]]:
        """Propose projects whose ids are new; return why some were refused, by id, and where the others lie."""
        faults: dict[str, Fault] = {}
        positions: list[Position | None] = []
        for fact in facts:
            try:
                if dry_run:
                    await self.living.preview(fact)
                else:
                    change = await self.living.begin(fact, given_id=True, command=command)
                    positions.append(change.position)
            except Refused as refused:
                faults[fact.id] = _fault(_of_the_row(refused), fact)
        return faults, [position for position in positions if position is not None]

    async def take_back(
        self, ids: Sequence[str], *, command: Command
    ) -> tuple[dict[str, Fault | None], list[Position]]:
        """End the projects of these ids that are as they were proposed; return for each what kept it, or None."""

        def ending(life: Life) -> ProjectTerminated:
            said = {"by": life.opened_by, "at": command.at, "reason": REASON}
            return ProjectTerminated(id=life.id, step=life.step + 1, community=life.community, **said)

        kept: dict[str, Fault | None] = {}
        positions: list[Position | None] = []
        for life_id in ids:
            try:
                change = await self.living.act(PROJECT, life_id, ending, version=1, command=command)
                positions.append(change.position)
                kept[life_id] = None
            except Refused as refused:
                kept[life_id] = await self._kept(life_id, _of_the_row(refused))
        return kept, [position for position in positions if position is not None]

    async def _kept(self, life_id: str, refused: Refused) -> Fault | None:
        """Return what keeps a project that could not be ended; None where an undo before this one ended it."""
        found = await self.reading.query(get_life, kind=PROJECT.kind, life_id=life_id)
        if found is None:
            return fault(refused.code)
        if found.life.state != "terminated":
            return fault("changed_meanwhile")
        return None if found.life.reason == REASON else fault("already_withdrawn")


def _of_the_row(refused: Refused) -> Refused:
    """Return what a row is refused for; raise what is no fault of it."""
    if STATUS[refused.code] >= 500:
        raise refused
    return refused


def _fault(refused: Refused, fact: ProjectProposed) -> Fault:
    name = _blamed(refused, fact)
    header = next((column.zh for column in PROJECTS if column.name == name), None)
    return fault(refused.code, refused.detail, field=name, column=header)


def _blamed(refused: Refused, fact: ProjectProposed) -> str | None:
    """Return the column that a refusal is about; what is bound by no column of its own is a fund of the budget."""
    if refused.code == "impossible_window":
        return "ends_at"
    if refused.code != "unknown_reference":
        return None
    kind, _, entry_id = refused.detail.partition(":")
    name = _COLUMN_OF.get(kind)
    return name if name is not None and entry_id in getattr(fact, name) else "budget"
