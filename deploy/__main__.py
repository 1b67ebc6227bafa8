"""``python -m deploy`` is the ``cobuild`` command."""

import gc

from deploy.lifeline import hold_on

hold_on()
gc.set_threshold(100_000, 50, 1000)  # what is imported stays; ``running`` says how to go on

from deploy.command import main  # noqa: E402 - the supervisor may go while the rest is imported

main()
