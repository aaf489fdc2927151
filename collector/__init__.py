"""The field machine: from keystroke to sealed entry."""
