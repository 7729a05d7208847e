"""Shows an audit: table, page, JSON, and the difference of two."""
