"""One file a command; heavy parts are imported when the command runs, so that help comes at once."""
