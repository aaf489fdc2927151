"""Tables that every vault has, whatever its profile."""
