"""``python -m deploy`` is the ``cobuild`` command."""

from deploy.lifeline import hold_on

hold_on()

from deploy.command import main  # noqa: E402 - the supervisor may go while the rest is imported

main()
