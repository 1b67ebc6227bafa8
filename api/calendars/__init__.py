"""Calendar feeds (RFC 5545): what was matched, for the calendars that people have anyway."""
