"""From sealed entry to the desk's archive."""
