"""The generated reference: pages under ``docs`` from settings, command line and topics, and the schema of backtests.

``python -m deploy.reference write|check``; check names what drifted and exits with 1.
"""

import json
import sys
from pathlib import Path
from typing import Any, get_args

from typer.main import get_command

from deploy.settings import CobuildSettings

DOCS = Path(__file__).parents[1] / "docs"


def settings_page() -> str:
    """Return ``docs/settings.md``."""
    lines = [
        "# Settings",
        "",
        "Read from the environment. Generated from `deploy/settings.py`; do not edit.",
        "",
        "| variable | default | meaning | example |",
        "|---|---|---|---|",
    ]
    for name, field in CobuildSettings.model_fields.items():
        default = "" if field.default is None else _shown(field.default)
        example = ", ".join(f"`{one}`" for one in field.examples or ())
        choices = [value for value in get_args(field.annotation) if isinstance(value, str | int)]
        meaning = (field.description or "") + (f" One of {', '.join(map(str, choices))}." if choices else "")
        lines.append(f"| `COBUILD_{name.upper()}` | {default} | {meaning} | {example} |")
    return "\n".join([*lines, ""])


def _shown(default: object) -> str:
    if isinstance(default, Path) and default.is_absolute():
        return f"`{default.relative_to(DOCS.parent)}` of the package"
    return f"`{default}`"


def topics_page() -> str:
    """Return ``docs/topics.md``."""
    from streams.kafka import topics  # noqa: PLC0415 - only here

    return topics.topics_page(partitions=CobuildSettings.model_fields["partitions"].default)


def commands_page() -> str:
    """Return ``docs/commands.md``."""
    from deploy.command import app  # noqa: PLC0415 - the command line is wanted only here

    lines = ["# Commands", "", "Generated from `deploy/commands/`; do not edit.", ""]
    _describe(get_command(app), "cobuild", lines)
    return "\n".join(lines)


def _describe(command: Any, path: str, lines: list[str]) -> None:
    """Add a command, its parameters and its subcommands; ``command`` is one of Typer's own command objects."""
    lines += [f"## `{path}`", "", (command.help or "").strip(), ""]
    rows = [parameter for parameter in command.params if parameter.name != "help" and not _is_hidden(parameter)]
    if rows:
        lines += ["| parameter | meaning |", "|---|---|"]
        lines += [f"| {_spelt(parameter)} | {getattr(parameter, 'help', '') or ''} |" for parameter in rows]
        lines.append("")
    for name in sorted(getattr(command, "commands", {})):
        _describe(command.commands[name], f"{path} {name}", lines)


def _is_hidden(parameter: Any) -> bool:
    return bool(getattr(parameter, "hidden", False)) or parameter.name in {"install_completion", "show_completion"}


def _spelt(parameter: Any) -> str:
    if parameter.param_type_name == "option":
        return ", ".join(f"`{spelling}`" for spelling in parameter.opts)
    return f"`{parameter.name.upper()}`"


def backtest_schema() -> str:
    """Return ``docs/contracts/backtest.schema.json``: what ``cobuild backtest --json`` writes."""
    from pydantic.json_schema import GenerateJsonSchema  # noqa: PLC0415 - only here

    from deploy.backtest.result import Backtest  # noqa: PLC0415 - only here

    schema = {"$schema": GenerateJsonSchema.schema_dialect, "$id": "urn:cobuild:backtest:1"}
    return json.dumps(schema | Backtest.model_json_schema(), ensure_ascii=False, indent=2) + "\n"


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "topics.md": topics_page,
    "contracts/backtest.schema.json": backtest_schema,
}


def main(task: str) -> int:
    """Write the pages, or check them; return the exit code."""
    drifted = []
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if task == "write":
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            drifted.append(name)
    for name in drifted:
        print(f"docs/{name} is not what the code says; run `make contracts`", file=sys.stderr)
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
