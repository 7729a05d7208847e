"""A small Buck2 for tests: it reads files by starlark-rust, Buck2's own interpreter, and carries out the actions.

Buck2 itself is in no package registry. Its interpreter is (starlark-pyo3), and so every file of a cell that linkmode
generates is parsed and evaluated here, its rules are analysed in Buck2's configurations, with selects and transitions,
and what their actions would run is run. The prelude and Buck2's own functions are stand-ins (stubs/), after the facts
of the documentation. What a real Buck2 does is for `make e2e-buck2`.
"""
