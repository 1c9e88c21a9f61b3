"""Instead of the package of this name, which builds a grammar for seconds each time jsonschema is imported.

jsonschema asks it whether a text is an IRI, does without where it is missing, and is never asked that here.
"""

raise ImportError("not on the path of the tests")
