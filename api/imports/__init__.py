"""Lists from spreadsheets: reading a file apart from the server, finding columns, rows to entries, a report per row."""
