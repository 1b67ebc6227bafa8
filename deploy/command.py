"""The ``cobuild`` command."""

import typer

from deploy.commands import bench, demo, imports, rebuild, replay, simulate, up, watch

app = typer.Typer(
    name="cobuild",
    help="Cobuild 共建: what units and members offer, matched with what communities ask for, as events stream in.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("import")(imports.import_file)
app.command("watch")(watch.watch)
app.command("replay")(replay.replay)
app.command("rebuild")(rebuild.rebuild)
app.add_typer(simulate.app, name="simulate")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line."""
    app()
