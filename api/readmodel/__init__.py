"""The read model: lists, history and statistics in a database that the log can rebuild at any time.

``tables`` says what lies in it, ``model`` opens it, ``projection`` writes it, ``queries`` read it.
"""
