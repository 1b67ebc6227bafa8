"""``python -m deploy`` is the ``cobuild`` command."""

from deploy.command import main

main()
