"""XPath 1.0 as ODK speaks it: elementpath parses (`parser`), `compiler` turns the tree into Python closures once.

Nothing in an expression reaches a file, the network or Python: there is an allow-list of functions (`functions`), and a
path leads only to nodes of the form that the compiler found when the form was loaded.
"""
