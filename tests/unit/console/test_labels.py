"""Labels of what the tables of life cycles ask and hold: one for every field and every word, in both languages."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from api.console.labels import FIELDS, WORDS, labels
from schemas.lives import LIFECYCLES


def told() -> tuple[set[str], set[str]]:
    """Every field of every step and record, groups within groups, and every word that one may choose."""
    fields: set[str] = set()
    words: set[str] = set()
    seen: set[Any] = set()

    def walk(kind: Any) -> None:
        if kind in seen:
            return
        if isinstance(kind, type) and issubclass(kind, Enum):
            words.update(str(each.value) for each in kind)
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            seen.add(kind)
            fields.update(kind.model_fields)
            for field in kind.model_fields.values():
                walk(field.annotation)
        elif get_origin(kind) is Literal:
            words.update(str(each) for each in get_args(kind))
        else:
            for part in get_args(kind):
                walk(part)

    for model in models():
        walk(model)
    return fields, words


def models() -> Iterator[type[BaseModel]]:
    for lifecycle in LIFECYCLES:
        yield lifecycle.record
        yield from (move.fact for move in lifecycle.moves)


def test_every_field_and_every_word_has_a_label() -> None:
    fields, words = told()
    assert fields - set(FIELDS) == set()
    assert words - set(WORDS) == set()


def test_no_label_is_left_over_and_both_languages_say_something() -> None:
    fields, words = told()
    assert set(FIELDS) - fields == set()
    assert set(WORDS) - words == set()
    assert all(labels("zh").values())
    assert all(labels("en").values())
    assert labels("zh")["field_reason"] == "原因"
