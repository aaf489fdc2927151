"""The interview: sections at the left, one question open at a time, everything saved when it is made."""
