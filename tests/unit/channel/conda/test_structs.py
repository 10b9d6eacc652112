"""Structs that several threads decode are prepared at import: two first decodes at once can crash the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

# msgspec collects the type information of a Struct by this function.
_FIRST_READ = """
import msgspec, msgspec._utils
from {module} import {name}

def collect(*_):
    raise AssertionError("type information was collected at the first decode")

msgspec._utils._get_class_mro_and_typevar_mappings = collect
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
        ("chaninfra.channel.conda.repodata", "_Info"),
        ("chaninfra.channel.conda.shard_index", "_Info"),
        ("chaninfra.index.package.index_json", "IndexJson"),
        ("chaninfra.index.commit.yanked_json", "Yanked"),
        ("chaninfra.index.etag_cache", "_Document"),
        ("chaninfra.index.snapshots.document", "Snapshots"),
        ("chaninfra.index.gc", "_Marks"),
    ],
)
def test_type_information_is_complete_before_the_first_decode(module: str, name: str) -> None:
    program = _FIRST_READ.format(module=module, name=name)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
