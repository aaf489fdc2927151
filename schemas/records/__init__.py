"""The records that travel or are kept: what each holds, and what it may hold (docs/spec/protocol.md §6–§11)."""
