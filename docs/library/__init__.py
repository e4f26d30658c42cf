"""The pages about every function, layer and optimizer, found by running them: ``make docs-library`` writes them.

The calls are those of ``tests/conformance``, so that a name is shown here as it is tested there.
"""
