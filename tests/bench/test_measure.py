"""The costs of a program count those of the processes that it starts."""

from __future__ import annotations

import sys

from bench import measure

_MB = 1 << 20
_CHILD = "import time; held = bytearray({size}); held[::4096] = b'x' * len(held[::4096]); time.sleep(0.5)"
_PARENT = """
import subprocess, sys
children = [subprocess.Popen([sys.executable, "-c", {child!r}]) for _ in range(2)]
[child.wait() for child in children]
"""


def test_the_memory_of_all_processes_counts_together() -> None:
    alone = measure.run([sys.executable, "-c", _CHILD.format(size=60 * _MB)], {})
    assert 60 * _MB < alone.peak < 100 * _MB
    both = measure.run([sys.executable, "-c", _PARENT.format(child=_CHILD.format(size=60 * _MB))], {})
    assert 120 * _MB < both.peak < 200 * _MB


def test_the_seconds_of_the_cpu_of_children_that_ended_count() -> None:
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    assert measure.run([sys.executable, "-c", _PARENT.format(child=busy)], {}).cpu > 1
