"""Structs that threads read are prepared when they are imported, since two first readers at once end the process."""

from __future__ import annotations

import subprocess
import sys

_TOGETHER = """
import sys, threading
sys.setswitchinterval(1e-6)
import msgspec
from chaninfra.channel import descriptor, formats, index_settings
from chaninfra.index import listing

start = threading.Barrier(8)

def read(kind):
    start.wait()
    try:
        msgspec.convert({}, kind)
    except msgspec.ValidationError:
        pass

for kind in (descriptor.Descriptor, index_settings.IndexSettings, formats._Record, listing._Record):
    threads = [threading.Thread(target=read, args=[kind]) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""


def test_threads_may_be_the_first_to_read() -> None:
    # One run ends in a segmentation fault more often than not, where nothing is prepared.
    for _ in range(6):
        ran = subprocess.run([sys.executable, "-c", _TOGETHER], capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
