"""How many examples hypothesis makes: few in `make test`, more in `make test-long`."""

from __future__ import annotations

import os

from hypothesis import settings

COUNT = "MANIFEST_EXAMPLES"
"""The variable that says how many."""

# The same examples at every run; a machine may be busy.
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=int(os.environ.get(COUNT, "12")))

# Where an example takes a millisecond, and another ten at the next run find more.
MANY = settings(deadline=None, max_examples=10 * int(os.environ.get(COUNT, "12")))
