"""The ``cobuild`` command."""

import typer

from deploy.commands import (
    api,
    backtest,
    bench,
    deadletters,
    demo,
    exports,
    imports,
    kafka,
    projector,
    rebuild,
    replay,
    report,
    simulate,
    topics,
    up,
    watch,
    worker,
)

app = typer.Typer(
    name="cobuild",
    help="Cobuild 共建: what units and members offer, matched with what communities ask for, as events stream in.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(up.up)
app.command("api")(api.api)
app.command("worker")(worker.worker)
app.command("projector")(projector.projector)
app.command("demo")(demo.demo)
app.command("import")(imports.import_file)
app.command("export")(exports.export_list)
app.command("watch")(watch.watch)
app.command("replay")(replay.replay)
app.command("report")(report.report)
app.command("backtest")(backtest.backtest)
app.command("rebuild")(rebuild.rebuild)
app.add_typer(imports.app, name="imports")
app.add_typer(deadletters.app, name="deadletters")
app.add_typer(topics.app, name="topics")
app.add_typer(kafka.app, name="kafka")
app.add_typer(simulate.app, name="simulate")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line."""
    app()
