"""How one record lies in the file: a frame of bytes that says its own id.

Little endian, in this order::

    id            8   stream << 40 | offset; a reader sees at once when a frame is not the one it asked for
    timestamp     8   ms since 1970, when the log took the record
    value length  4   -1 where the value is None
    head length   4
    head              everything else that is not payload, see below
    key, header values, value

    head: width   1   of the lengths, 1 or 4 bytes
          count   2   of headers
          lengths     of the key (all bits set where it is None) and of each header value, in that width
          names       of the headers: one byte where it is a known one, else 0, length in 2 bytes, UTF-8

The head holds no payload: nearly all records share some hundred heads, so that both ways are a look-up in a cache,
and the fields after it are cut by one ``struct`` call.
"""

from collections.abc import Iterator
from functools import lru_cache
from struct import Struct

from schemas.envelope import MAX_VALUE_BYTES
from streams.embedded.headers import Headers
from streams.log import Draft, LogError, Record

OFFSET_BITS = 40
OFFSET_MASK = (1 << OFFSET_BITS) - 1

KNOWN_NAMES = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type", "ce_subject")
"""Append only: the place of a name, counted from 1, lies in the files."""

_STAMP = Struct("<qq")
_REST = Struct("<iI")
_PREFIX = Struct("<qqiI")
_COUNT = Struct("<BH")
_NAME_LENGTH = Struct("<H")
_CODE_OF_NAME = {name: code for code, name in enumerate(KNOWN_NAMES, start=1)}
_MAX_COUNT = _MAX_NAME = 0xFFFF
_NARROW, _WIDE = 1, 4
_NO_KEY = {_NARROW: 0xFF, _WIDE: 0xFFFFFFFF}


def encode(draft: Draft) -> bytes:
    """Return the frame of ``draft`` without its first 16 bytes, which the writer knows.

    Raises:
        LogError: it is too large, or its header names are.
    """
    key, value = draft.key, draft.value
    values = [value for _, value in draft.headers]
    sizes = (-1 if key is None else len(key), *map(len, values))
    head = _encode_head(tuple([name for name, _ in draft.headers]), sizes)
    rest = _REST.pack(-1 if value is None else len(value), len(head))
    frame = b"".join((rest, head, key or b"", *values, value or b""))
    if len(frame) - len(rest) - len(head) > MAX_VALUE_BYTES:
        raise LogError(f"a record of {len(frame)} bytes is larger than the {MAX_VALUE_BYTES} that a record may have")
    return frame


def stamp(identity: int, timestamp_ms: int, rest: bytes) -> bytes:
    """Return the whole frame."""
    return _STAMP.pack(identity, timestamp_ms) + rest


def identity_at(buffer: bytes, at: int) -> int:
    """Return the id of the frame that starts at ``at``, -1 at the end of ``buffer``."""
    return int.from_bytes(buffer[at : at + 8], "little") if at < len(buffer) else -1


def decode(buffer: bytes, at: int, topic: str, partition: int) -> tuple[Record, int]:
    """Return the record whose frame starts at ``at``, and where the next frame starts."""
    identity, timestamp_ms, value_length, head_length = _PREFIX.unpack_from(buffer, at)
    at += 24
    names, fields, has_key = _decode_head(buffer[at : at + head_length])
    at += head_length
    found = fields.unpack_from(buffer, at)
    at += fields.size
    value = None
    if value_length >= 0:
        value = buffer[at : at + value_length]
        at += value_length
    key = found[0] if has_key else None
    offset = identity & OFFSET_MASK
    return Record(topic, partition, offset, key, value, Headers(names, found), timestamp_ms), at


@lru_cache(maxsize=8192)
def _encode_head(names: tuple[str, ...], sizes: tuple[int, ...]) -> bytes:
    if len(names) > _MAX_COUNT:
        raise LogError(f"a record may have {_MAX_COUNT} headers, not {len(names)}")
    width = _NARROW if max(sizes) < _NO_KEY[_NARROW] else _WIDE
    lengths = [_NO_KEY[width] if sizes[0] < 0 else sizes[0], *sizes[1:]]
    return b"".join((_COUNT.pack(width, len(names)), _lengths(width, len(names)).pack(*lengths), *map(_name, names)))


def _name(name: str) -> bytes:
    code = _CODE_OF_NAME.get(name)
    if code is not None:
        return bytes((code,))
    try:
        text = name.encode()
    except UnicodeEncodeError as error:
        raise LogError(f"a header name is no Unicode text: {error}") from None
    if len(text) > _MAX_NAME:
        raise LogError(f"a header name of {len(text)} bytes is longer than the {_MAX_NAME} that it may have")
    return b"\x00" + _NAME_LENGTH.pack(len(text)) + text


@lru_cache(maxsize=8192)
def _decode_head(head: bytes) -> tuple[tuple[str, ...], Struct, bool]:
    width, count = _COUNT.unpack_from(head)
    lengths = _lengths(width, count)
    key, *sizes = lengths.unpack_from(head, _COUNT.size)
    has_key = key != _NO_KEY[width]
    fields = Struct("".join(f"{size}s" for size in (key if has_key else 0, *sizes)))
    return tuple(_names(head, _COUNT.size + lengths.size)), fields, has_key


def _names(head: bytes, at: int) -> Iterator[str]:
    while at < len(head):
        code, at = head[at], at + 1
        if code:
            yield KNOWN_NAMES[code - 1]
            continue
        (length,) = _NAME_LENGTH.unpack_from(head, at)
        at += _NAME_LENGTH.size
        yield head[at : at + length].decode()
        at += length


def _lengths(width: int, headers: int) -> Struct:
    return Struct(f"<{1 + headers}{'B' if width == _NARROW else 'I'}")
