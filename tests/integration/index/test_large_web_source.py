"""A channel by https as large as a subdir of conda-forge, without shards: it is read within bounds of memory."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
import zstandard

from support.paths import PYTHONPATH
from support.servers.web_server import web_server

pytestmark = pytest.mark.long

RECORDS, NAMES = 600_000, 28_000
READER = """
import json, sys
from pathlib import Path
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.web import web_source

source = web_source(sys.argv[1], FromFlags())
subdirs = source.subdirs()
some = [package.file for package in source.packages("linux-64", ["package-7"])]
whole = sum(1 for _ in source.packages("linux-64"))
# ru_maxrss has that of the process that started this one, too.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps([subdirs, len(some), whole, int(status["VmHWM"].split()[0]) >> 10]))
"""


def packed() -> bytes:
    """A repodata.json.zst of 45 MB, 300 MB unpacked."""
    compressor = zstandard.ZstdCompressor(3).compressobj()
    pieces = [compressor.compress(b'{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{')]
    for number in range(RECORDS):
        key_of = str(number).encode()
        digest = hashlib.sha256(key_of).hexdigest()
        name, version = f"package-{number % NAMES}", f"1.{number // NAMES}"
        record = {
            "build": f"h{digest[:7]}_0",
            "build_number": 0,
            "constrains": ["foo >=2"],
            "depends": ["python >=3.10,<3.11.0a0", "libgcc >=13", "numpy >=1.23,<3", "__glibc >=2.17,<3.0.a0"],
            "license": "BSD-3-Clause",
            "md5": hashlib.md5(key_of).hexdigest(),  # noqa: S324
            "name": name,
            "sha256": digest,
            "size": 100_000 + number,
            "subdir": "linux-64",
            "timestamp": 1_700_000_000_000 + number,
            "version": version,
        }
        key = f"{name}-{version}-{record['build']}.conda"
        text = f"{',' if number else ''}{json.dumps(key)}:{json.dumps(record)}"
        pieces.append(compressor.compress(text.encode()))
    return b"".join([*pieces, compressor.compress(b'},"repodata_version":1}'), compressor.flush()])


def test_it_is_read_in_some_hundred_mib() -> None:
    with web_server() as server:
        server.files["/c/linux-64/repodata.json.zst"] = packed()
        assert len(server.files["/c/linux-64/repodata.json.zst"]) > 40 << 20
        command = [sys.executable, "-c", READER, f"{server.url}/c"]
        done = subprocess.run(command, env={"PYTHONPATH": PYTHONPATH}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    subdirs, some, whole, mib = json.loads(done.stdout)
    assert (subdirs, some, whole) == (["linux-64"], -(-(RECORDS - 7) // NAMES), RECORDS)
    assert mib < 700
