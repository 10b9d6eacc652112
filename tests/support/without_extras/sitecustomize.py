"""Python imports this before the program: from here on the modules of $HIDDEN_MODULES are not found."""

import os
import sys


class HidingFinder:
    """Stands in for an environment without these modules: it raises what Python raises for a module that is missing."""

    def __init__(self, hidden):
        self._hidden = hidden

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self._hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, HidingFinder(set(os.environ.get("HIDDEN_MODULES", "").split(","))))
