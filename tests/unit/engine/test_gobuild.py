"""Builds from Go sources: a real Go verifies each module against go.sum."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from chaninfra.channel.errors import EngineError
from chaninfra.engine import gobuild


def test_a_module_that_go_sum_does_not_list_with_its_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_mod, source = b"module example.test/greeting\n", b"package greeting\n"
    files = {"example.test/greeting@v1.0.0/go.mod": go_mod, "example.test/greeting@v1.0.0/greeting.go": source}
    versions = tmp_path / "proxy" / "example.test" / "greeting" / "@v"
    versions.mkdir(parents=True)
    (versions / "v1.0.0.mod").write_bytes(go_mod)
    with zipfile.ZipFile(versions / "v1.0.0.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module ours\ngo 1.25\nrequire example.test/greeting v1.0.0\n")
    right = f"example.test/greeting v1.0.0 {go_hash(files)}\nexample.test/greeting v1.0.0/go.mod "
    right += go_hash({"go.mod": go_mod}) + "\n"

    def build(sums: str, caches: str) -> None:
        (module / "go.sum").write_text(sums)
        own = gobuild.Go(go.binary, tmp_path / caches)
        gobuild.build(own, module, "example.test/greeting", tmp_path / "greeting.a", print)

    go = gobuild.toolchain([gobuild.MODULES / "pulumi"], tmp_path / "unused", print)
    monkeypatch.setenv("GOPROXY", (tmp_path / "proxy").as_uri())
    build(right, "one")
    other = right.replace(go_hash(files), go_hash({**files, "example.test/greeting@v1.0.0/more.go": source}))
    for caches in ("one", "another"):  # with the module there already, and fetched for this build
        with pytest.raises(EngineError, match="checksum mismatch"):
            build(other, caches)
    with pytest.raises(EngineError, match=r"missing go\.sum entry"):
        build("", "one")


def go_hash(files: dict[str, bytes]) -> str:
    """The hash of a module's files in the form of go.sum (golang.org/x/mod/sumdb/dirhash, Hash1)."""
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return f"h1:{base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()}"
