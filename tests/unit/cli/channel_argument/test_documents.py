"""Files that hold descriptors, as editors and shells write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import dump
from chaninfra.cli.channel_argument.documents import parse_descriptors, read_file
from support.channels.channels import descriptor

TEXT = dump(descriptor("one")).decode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_that_powershell_wrote_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "channel.json"
    # Python writes the mark of the other two.
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    file.write_bytes(f"{mark}{TEXT}".encode(encoding))
    assert parse_descriptors(read_file(str(file)), str(file)) == [descriptor("one")]


def test_half_a_file_that_powershell_wrote_is_no_bug(tmp_path: Path) -> None:
    file = tmp_path / "channel.json"
    file.write_bytes(b"\xff\xfe{")
    with pytest.raises(ConfigurationError, match="is not JSON"):
        parse_descriptors(read_file(str(file)), str(file))
