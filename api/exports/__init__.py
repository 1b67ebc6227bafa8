"""The lists as spreadsheets: entries to rows that an import takes back, rows to XLSX or CSV, page by page."""
