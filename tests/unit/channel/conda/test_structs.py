"""Structs that threads read are prepared when they are imported, since two first readers at once end the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What msgspec looks at to learn of a Struct.
_FIRST_READ = """
import msgspec, msgspec._utils
from {module} import {name}

def look(*_):
    raise AssertionError("looked at when it is first read")

msgspec._utils._get_class_mro_and_typevar_mappings = look
try:
    msgspec.convert({{}}, {name})
except msgspec.ValidationError:
    pass
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("chaninfra.channel.outputs.descriptor", "Descriptor"),
        ("chaninfra.channel.conda.index_settings", "IndexSettings"),
        ("chaninfra.channel.conda.record_facts", "RecordName"),
        ("chaninfra.channel.conda.record_facts", "RecordFacts"),
        ("chaninfra.channel.conda.commit_stamp", "CommitStamp"),
        ("chaninfra.channel.conda.shards", "_Info"),
        ("chaninfra.index.package.index_json", "IndexJson"),
        ("chaninfra.index.commit.yanked_json", "Yanked"),
    ],
)
def test_structs_are_prepared_on_import(module: str, name: str) -> None:
    program = _FIRST_READ.format(module=module, name=name)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
