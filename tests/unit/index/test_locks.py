"""What lock files need: pixi.lock, conda-lock.yml and explicit files."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.index import locks
from chaninfra.index.locks import read_lock

SHA = "fe51de6107f9edc7aa4f786a70f4a883943bc9d39b3bb7307c04c41410990726"
MD5 = "d7c89558ba9fa0495403155b64376d81"
PIXI = f"""\
version: 6
environments:
  default:
    channels:
    - url: https://conda.example.com/my-channel/
    packages:
      linux-64:
      - conda: https://conda.example.com/my-channel/linux-64/tool-1.0-h0_0.conda
      - conda: s3://my-bucket/my-channel/noarch/hello-1.0-py_0.tar.bz2
      - pypi: https://files.example.com/other-1.0-py3-none-any.whl
packages:
- conda: https://conda.example.com/my-channel/linux-64/tool-1.0-h0_0.conda
  sha256: {SHA}
  md5: {MD5}
- conda: s3://my-bucket/my-channel/noarch/hello-1.0-py_0.tar.bz2
  md5: {MD5}
  subdir: noarch
- pypi: https://files.example.com/other-1.0-py3-none-any.whl
  name: other
  version: '1.0'
  sha256: {SHA}
"""
CONDA_LOCK = f"""\
version: 1
metadata:
  content_hash:
    linux-64: abc
  channels:
  - url: https://conda.example.com/my-channel
    used_env_vars: []
  platforms:
  - linux-64
  sources:
  - environment.yml
package:
- name: tool
  version: '1.0'
  manager: conda
  platform: linux-64
  dependencies: {{}}
  url: https://conda.example.com/my-channel/linux-64/tool-1.0-h0_0.conda
  hash:
    md5: {MD5}
    sha256: {SHA}
  category: main
  optional: false
"""
EXPLICIT = f"""\
# This file may be used to create an environment using:
# platform: linux-64
@EXPLICIT
https://conda.example.com/t/secret/my-channel/linux-64/tool-1.0-h0_0.conda#sha256:{SHA}
https://conda.example.com/my-channel/noarch/hello-1.0-py_0.tar.bz2#{MD5}
"""
TOOL, HELLO = "tool-1.0-h0_0.conda", "hello-1.0-py_0.tar.bz2"


def write(folder: Path, text: str | bytes, name: str = "pixi.lock") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "files"),
    [(PIXI, {TOOL, HELLO}), (CONDA_LOCK, {TOOL}), (EXPLICIT, {TOOL, HELLO})],
    ids=["pixi", "conda-lock", "explicit"],
)
def test_each_form_tells_its_files_and_hashes(tmp_path: Path, text: str, files: set[str]) -> None:
    lock = read_lock(write(tmp_path, text))
    assert lock.files == files
    assert lock.hashes == {SHA}
    assert lock.needs(TOOL, None)
    assert lock.needs("mirrored.conda", SHA)
    assert not lock.needs("tool-1.0-h0_1.conda", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the lock file is empty"),
        ("\n \n", "the lock file is empty"),
        ("foo: [", "is not a lock file that can be read"),
        ("nothing of the kind", "is not a lock file that can be read"),
        ("version: 99\n", "format version 99"),
        ("version: 6\nenvironments: {}\npackages: []\n", "the lock file has no package of conda"),
        ("@EXPLICIT\n", "the lock file has no package of conda"),
        (
            "@EXPLICIT\nhttps://me:hunter2@example.com/x.txt\n",
            "line 2 is not the URL of a package: 'https://…@example.com/x.txt'",
        ),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        read_lock(path)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "pixi.lock, a conda-lock.yml" in str(raised.value)


def test_a_file_that_is_not_there_or_a_folder_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        read_lock(tmp_path / "pixi.lock")
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_lock(tmp_path)
    monkeypatch.setattr(locks, "_MAX_BYTES", 1 << 20)
    with pytest.raises(ConfigurationError, match="is larger than 1 MiB"):
        read_lock(write(tmp_path, "#" * (1 << 20) + "#"))
