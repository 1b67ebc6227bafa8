"""The database as such: atomic, idempotent, thrown away when it does not fit."""

import dataclasses
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from api.readmodel import model as module
from api.readmodel.dialect import insert_or_replace, writing
from api.readmodel.model import ReadModel
from api.readmodel.queries.demands import get_demand, list_demands
from api.readmodel.queries.positions import reached
from api.readmodel.tables import demands
from schemas.catalogue import Catalogue, Item
from tests.unit.readmodel.story import CATALOGUE, Story
from tests.unit.readmodel.strategies import story_of
from tests.unit.readmodel.world import contents, fill, model_of, new_model

DEMANDS = "cobuild.demands.v1"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'readmodel.sqlite3'}"


def posted(count: int) -> Story:
    story = Story()
    for number in range(count):
        story.post(number, lines=[(0, 1)])
    return story


def ids(model: ReadModel) -> set[str]:
    with model.read() as connection:
        return {row.demand.demand_id for row in list_demands(connection).rows}


def test_what_was_applied_is_there_after_opening_again(url: str) -> None:
    story = story_of(140)
    first = ReadModel(url, catalogue=CATALOGUE)
    fill(first, [story.located()])
    before, generation = contents(first), first.generation
    first.close()
    second = ReadModel(url, catalogue=CATALOGUE)
    assert contents(second) == before
    assert second.generation == generation
    assert second.offsets() == {place: len(events) for place, events in story.log.items()}


def test_applying_everything_again_changes_nothing() -> None:
    story = story_of(140)
    model = model_of(story)
    before = contents(model)
    fill(model, [story.located()])
    fill(model, [[located] for located in story.located()])
    assert contents(model) == before


def test_offsets_never_go_back() -> None:
    model = model_of(posted(3))
    place = (DEMANDS, 0)
    assert model.offsets()[place] == 2
    model.apply([], {place: 1})
    assert model.offsets()[place] == 2


def test_a_position_is_reached_once_its_record_was_applied() -> None:
    model = new_model()
    assert not model.reached(DEMANDS, 0, 0)
    fill(model, [posted(3).located()])
    assert model.reached(DEMANDS, 0, 1)
    assert not model.reached(DEMANDS, 0, 2)
    with model.read() as connection:
        assert reached(connection, topic=DEMANDS, partition=1, offset=0)
        assert not reached(connection, topic=DEMANDS, partition=7, offset=0)


def test_a_batch_that_fails_leaves_nothing_behind() -> None:
    model = model_of(posted(1))
    before = contents(model)
    story = posted(4)
    broken = [*story.located(), (("cobuild.demands.v1", 0, 9), dataclasses.replace(story.located()[0][1], data="?"))]
    with pytest.raises(KeyError):
        fill(model, [broken])
    assert contents(model) == before


@pytest.mark.parametrize("change", ["catalogue", "schema"])
def test_another_catalogue_or_schema_starts_over(url: str, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ReadModel(url, catalogue=CATALOGUE)
    fill(first, [posted(2).located()])
    generation = first.generation
    first.close()
    catalogue = CATALOGUE
    if change == "catalogue":
        more = Item("culture.new", "culture", "新", "new")
        catalogue = Catalogue(categories=CATALOGUE.categories, items={**CATALOGUE.items, more.item_id: more})
    else:
        monkeypatch.setattr(module, "SCHEMA", module.SCHEMA + 1)
    second = ReadModel(url, catalogue=catalogue)
    assert ids(second) == set()
    assert second.offsets() == {}
    assert second.generation != generation
    fill(second, [posted(2).located()])
    assert ids(second) == {"d-0", "d-1"}


def test_reset_forgets_rows_and_offsets() -> None:
    model = model_of(story_of(140))
    model.reset()
    assert not any(contents(model).values())


def test_a_reader_sees_one_moment_while_the_projector_writes(url: str) -> None:
    model = ReadModel(url, catalogue=CATALOGUE)
    fill(model, [posted(1).located()])
    with model.read() as connection:
        assert get_demand(connection, demand_id="d-0") is not None
        fill(model, [posted(2).located()])
        assert get_demand(connection, demand_id="d-1") is None
    assert ids(model) == {"d-0", "d-1"}


def test_two_projectors_on_one_database_apply_each_event_once(url: str) -> None:
    story = story_of(140)
    expected = contents(model_of(story))
    models = [ReadModel(url, catalogue=CATALOGUE) for _ in range(2)]
    errors: list[BaseException] = []

    def project(model: ReadModel) -> None:
        try:
            for located in story.located():
                fill(model, [[located]])
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=project, args=[model]) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert contents(models[0]) == expected


def test_writing_needs_a_database_that_we_know() -> None:
    with pytest.raises(ValueError, match="mysql"):
        insert_or_replace("mysql", demands)


def test_a_failing_writer_rolls_back(url: str) -> None:
    model = ReadModel(url, catalogue=CATALOGUE)

    def fail(connection: Any) -> None:
        connection.exec_driver_sql("insert into offsets values ('t', 0, 5)")
        raise RuntimeError

    with pytest.raises(RuntimeError), writing(model.engine) as connection:
        fail(connection)
    assert model.offsets() == {}
