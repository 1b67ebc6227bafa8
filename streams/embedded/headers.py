"""The headers of a record, put together when somebody looks at them."""

from collections.abc import Iterator, Sequence
from typing import overload

Pair = tuple[str, bytes]


class Headers(Sequence[Pair]):
    """Names that many records share, and the values of one, which follow its key in ``fields``.

    A tuple of pairs per record would be seven objects more for the garbage collector to follow while a read is
    gathered, which costs more than the read itself.
    """

    __slots__ = ("_fields", "_names")

    def __init__(self, names: tuple[str, ...], fields: tuple[bytes, ...]) -> None:
        self._names = names
        self._fields = fields

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Pair]:
        return zip(self._names, self._fields[1:], strict=True)

    @overload
    def __getitem__(self, place: int) -> Pair: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Pair, ...]: ...
    def __getitem__(self, place: int | slice) -> Pair | tuple[Pair, ...]:
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers | list | tuple):
            return NotImplemented
        return tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
