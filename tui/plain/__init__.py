"""The interview in plain prompts, for screen readers and for terminals that carry no screens.

The rule: lines go out and lines come in; nothing moves the cursor, colours, or erases what was printed. What is asked,
in which order and under which rules comes from where the screens have it.
"""
