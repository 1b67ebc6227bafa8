"""The written contract: JSON Schemas, the AsyncAPI document and the events page, generated and checked for drift.

python -m schemas.contracts write
python -m schemas.contracts check
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from schemas import asyncapi, eventpage, lifepage
from schemas.topics import TOPICS, EventType

DOCS: Final = Path(__file__).parent.parent / "docs"
"""Where the contract is committed."""


def json_schema(event: EventType) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what an event type carries, with its example."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:cobuild:event:{event.name}",
        **event.model.model_json_schema(),
        "examples": [asyncapi.payload(event)],
    }


def files() -> dict[str, str]:
    """Return the text of every generated file by its path below ``docs``."""
    schemas = {
        f"contracts/schemas/{event.name}.json": _text(json_schema(event)) for topic in TOPICS for event in topic.events
    }
    return {
        "contracts/asyncapi.json": _text(asyncapi.document()),
        "events.md": eventpage.page(),
        "lifecycles.md": lifepage.page(),
        **schemas,
    }


def drifted(docs: Path) -> list[str]:
    """Return the paths below ``docs`` that are missing, differ, or that no event type has any more."""
    wanted = files()
    differ = [path for path, text in wanted.items() if _read(docs / path) != text]
    return sorted(differ + _left_over(docs, wanted))


def write(docs: Path) -> list[str]:
    """Bring ``docs`` up to date; return the paths that changed."""
    wanted = files()
    changed = drifted(docs)
    for path in changed:
        if path in wanted:
            (docs / path).parent.mkdir(parents=True, exist_ok=True)
            (docs / path).write_text(wanted[path], encoding="utf-8")
        else:
            (docs / path).unlink()
    return changed


def _left_over(docs: Path, wanted: dict[str, str]) -> list[str]:
    present = (path.relative_to(docs).as_posix() for path in (docs / "contracts" / "schemas").rglob("*.json"))
    return [path for path in present if path not in wanted]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    """Write or check, as the command line says; non-zero where the committed contract has drifted."""
    parser = argparse.ArgumentParser(description="Write the contract's files, or check them for drift.")
    parser.add_argument("action", choices=["write", "check"])
    parser.add_argument("--docs", type=Path, default=DOCS, help="the directory that holds events.md and contracts/")
    arguments = parser.parse_args()
    paths = write(arguments.docs) if arguments.action == "write" else drifted(arguments.docs)
    verb = "wrote" if arguments.action == "write" else "drifted:"
    sys.stdout.writelines(f"{verb} {arguments.docs / path}\n" for path in paths)
    return 1 if paths and arguments.action == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
