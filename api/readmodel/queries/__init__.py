"""Reading the read model: plain functions of a connection (``with model.read() as connection``).

Lists take a ``Filter``, a cursor and a limit and return a ``Page``, newest first. They are synchronous:
call them in a thread. Filters that do not apply to a list are refused with ``TypeError``.
"""
