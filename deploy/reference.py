"""The generated reference: ``docs/settings.md`` from the settings, ``docs/commands.md`` from the command line.

``python -m deploy.reference write|check``; check names what drifted and exits with 1.
"""

import sys
from pathlib import Path
from typing import get_args

import typer
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


def commands_page() -> str:
    """Return ``docs/commands.md``."""
    from deploy.command import app  # noqa: PLC0415 - the command line is wanted only here

    lines = ["# Commands", "", "Generated from `deploy/commands/`; do not edit.", ""]
    _describe(get_command(app), "cobuild", lines)
    return "\n".join(lines)


def _describe(command: typer.core.TyperCommand | typer.core.TyperGroup, path: str, lines: list[str]) -> None:  # type: ignore[name-defined]
    lines += [f"## `{path}`", "", (command.help or "").strip(), ""]
    rows = [
        parameter
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "hidden", False)
    ]
    if rows:
        lines += ["| parameter | meaning |", "|---|---|"]
        for parameter in rows:
            name = (
                ", ".join(f"`{opt}`" for opt in parameter.opts)
                if parameter.param_type_name == "option"
                else f"`{parameter.human_readable_name}`"
            )
            lines.append(f"| {name} | {getattr(parameter, 'help', '') or ''} |")
        lines.append("")
    for name in sorted(getattr(command, "commands", {})):
        _describe(command.commands[name], f"{path} {name}", lines)


PAGES = {"settings.md": settings_page, "commands.md": commands_page}


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
