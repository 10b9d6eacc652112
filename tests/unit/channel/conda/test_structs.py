"""Structs are prepared on import: two threads that decode one for the first time may crash the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Fails if decoding makes msgspec inspect the class, which it does on first use.
_FIRST_READ = """
import msgspec, msgspec._utils
from {module} import {name}

def inspect(*_):
    raise AssertionError("the Struct was not prepared")

msgspec._utils._get_class_mro_and_typevar_mappings = inspect
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
