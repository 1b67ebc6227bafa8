"""``cobuild projector``."""

from deploy.commands.terminal import DataDir, Kafka, bar_of, err, settings_for_kafka, told


def projector(data_dir: DataDir = None, kafka: Kafka = None) -> None:
    """Carry Kafka's topics into the lists that the API reads."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from deploy.home import HouseTakenError  # noqa: PLC0415
    from deploy.lifeline import is_supervised  # noqa: PLC0415
    from deploy.logs import configure_logs  # noqa: PLC0415
    from deploy.projecting import project  # noqa: PLC0415
    from deploy.running import run  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415
    from streams.projector import ProjectionAheadError  # noqa: PLC0415

    settings = settings_for_kafka(data_dir=data_dir, kafka=kafka)
    configure_logs(part="projector")
    bar = bar_of("records")
    task = bar.add_task("records", total=None)

    def show(done: int, total: int) -> None:
        if not is_supervised():
            bar.start()  # once; a second start changes nothing
        bar.update(task, completed=done, total=total)

    def begun(records: int) -> None:
        bar.stop()
        if not is_supervised():
            err.print(f"cobuild projector is up: the lists are current, after {records:,} records", highlight=False)

    with told(HouseTakenError, LogError, ProjectionAheadError, SQLAlchemyError, OSError, ValueError):
        try:
            run(project(settings, progress=show, begun=begun))
        finally:
            bar.stop()
