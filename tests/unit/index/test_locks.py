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


def test_a_package_without_hashes_is_read(tmp_path: Path) -> None:
    text = PIXI.replace(f"  sha256: {SHA}\n  md5: {MD5}\n", "  subdir: linux-64\n", 1)
    lock = read_lock(write(tmp_path, text))
    assert [(each.file, each.sha256, each.md5) for each in lock.packages] == [(TOOL, None, None), (HELLO, None, MD5)]


def test_an_explicit_file_of_another_system_is_read(tmp_path: Path) -> None:
    text = "\ufeff@EXPLICIT\r\n" + "\r\n".join(EXPLICIT.splitlines()[3:]) + "\r\n"
    lock = read_lock(write(tmp_path, text))
    assert [(each.file, each.sha256, each.md5) for each in lock.packages] == [(TOOL, SHA, None), (HELLO, None, MD5)]


def test_each_package_has_its_channel_and_subdir_without_secrets(tmp_path: Path) -> None:
    lines = [
        "https://me:hunter2@Conda.Example.COM:8443/t/hunter2/a/b/linux-64/a-1-0.conda?sig=hunter2",
        "s3://my-bucket/my-channel/noarch/b-1-0.conda",
        "file:///C:/folder/c-1-0.conda",
        "https://[::1]/noarch/d-1-0.conda",
        "https://conda.example.com/linux-64/e%2B1-1-0.conda",
    ]
    packages = read_lock(write(tmp_path, "\n".join(["@EXPLICIT", *lines]))).packages
    assert [(each.channel, each.subdir, each.file) for each in packages] == [
        ("https://conda.example.com:8443/a/b", "linux-64", "a-1-0.conda"),
        ("s3://my-bucket/my-channel", "noarch", "b-1-0.conda"),
        ("file:///C:/folder", None, "c-1-0.conda"),
        ("https://[::1]", "noarch", "d-1-0.conda"),
        ("https://conda.example.com", "linux-64", "e+1-1-0.conda"),
    ]


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
        (
            f"@EXPLICIT\nhttps://me:hunter2@example.com/noarch/a-1-0.conda#sha1:{MD5}\n",
            "line 2 has a hash that is neither an md5 nor `sha256:` with 64 digits",
        ),
        ("@EXPLICIT\nhttps://[x/noarch/a-1-0.conda\n", "line 2 is not the URL of a package"),
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
    if (endless := Path("/dev/zero")).exists():
        with pytest.raises(ConfigurationError, match="is larger than 1 MiB"):
            read_lock(endless)
