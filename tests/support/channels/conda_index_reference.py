"""What conda-index says of some packages, in `tests/data/conda-index`, and the packages.

    PYTHONPATH=tests:tools .venv/bin/python -m support.channels.conda_index_reference PATH/TO/python

`python` is that of an environment with conda-index 0.13.0, in which conda can be imported.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaninfra.channel.conda.subdirs import Subdir
from support.channels import archives
from support.channels.archives import index_json, tar_bz2, write
from support.paths import DATA

REFERENCE = DATA / "conda-index"
SUBDIRS: tuple[Subdir, ...] = ("noarch", "linux-64")

_ABOUT = {
    "summary": "A library\nof many lines",
    "description": " It does <b>much</b>.\n",
    "home": "https://example.com/lib",
    "dev_url": "https://example.com/dev",
    "doc_url": "https://example.com/docs",
    "doc_source_url": "https://example.com/docs/source",
    "source_url": "https://example.com/lib.tar.gz",
    "source_git_url": "https://example.com/lib.git",
    "license": "of about.json",
    "identifiers": ["doi:10.1/2"],
    "keywords": ["fast", "small"],
    "tags": ["library"],
    "recipe_origin": "https://example.com/recipe",
    "extra": {"unknown": 1},
}
_STRONG = {"strong": ["lib >=2.0"], "weak": ["lib >=2.0,<3.0a0"], "weak_constrains": ["old <1"]}
_PATHS = {
    "paths": [
        {"_path": "etc/conda/activate.d/lib.sh", "file_mode": "text", "prefix_placeholder": "/opt/x"},
        {"_path": "bin/.lib-post-link.sh"},
        {"_path": "lib/lib.so", "file_mode": "binary", "prefix_placeholder": "/opt/x"},
    ],
    "paths_version": 1,
}


def packages() -> dict[str, bytes]:
    """`<subdir>/<file>` → the packages."""

    def lib(version: str, build: int, **more: Any) -> dict[str, Any]:
        found = index_json("lib", version, str(build), build_number=build, license="MIT", **more)
        return {**found, "subdir": more.get("subdir", "noarch")}

    def members(**documents: Any) -> Mapping[str, bytes]:
        return {f"{name}.json": json.dumps(document).encode() for name, document in documents.items()}

    def conda(index: dict[str, Any], more: Mapping[str, bytes] | None = None) -> bytes:
        return archives.conda(index, more, stem=f"{index['name']}-{index['version']}-{index['build']}")

    in_linux = {"subdir": "linux-64"}
    return {
        "noarch/lib-1.0-0.conda": conda(
            lib("1.0", 0, timestamp=1_700_000_000_000),
            members(about=_ABOUT, run_exports={"weak": ["lib >=1.0,<2.0a0"]}),
        ),
        # The newest build of its version says what its run exports are.
        "noarch/lib-1.0-1.conda": conda(
            lib("1.0", 1, timestamp=1_710_000_000_000), members(about=_ABOUT, run_exports={"noarch": ["lib 1.0.*"]})
        ),
        "noarch/lib-2.0-0.conda": conda(
            lib("2.0", 0, timestamp=1_720_000_000_000),
            members(about={**_ABOUT, "summary": "The newest", "keywords": []}, run_exports=_STRONG),
        ),
        "linux-64/lib-1.10-0.conda": conda(
            lib("1.10", 0, timestamp=1_730_000_000_000, **in_linux), members(about=_ABOUT, paths=_PATHS)
        ),
        "noarch/plain-1.0-0.conda": conda(index_json("plain", "1.0")),
        # Both formats of one package.
        "noarch/both-1.0-0.conda": conda(index_json("both", "1.0"), members(about={"summary": "new format"})),
        "noarch/both-1.0-0.tar.bz2": tar_bz2(index_json("both", "1.0"), members(about={"summary": "old format"})),
        "linux-64/only-0.5-0.conda": conda(
            index_json("only", "0.5", license="BSD-3-Clause", **in_linux),
            members(about={"home": "https://example.com/only"}, run_exports={}),
        ),
    }


def lay(folder: Path) -> None:
    """Write the packages into a folder."""
    for path, data in packages().items():
        subdir, _, file = path.partition("/")
        write(folder / subdir, data, file)


def reference(name: str) -> Any:
    """A document that conda-index has written."""
    return json.loads((REFERENCE / name).read_text())


def main(python: str) -> None:
    """Let conda-index write its documents again."""
    with tempfile.TemporaryDirectory() as made:
        lay(Path(made))
        options = ("--channeldata", "--run-exports", "--no-current-repodata", "--threads", "1")
        subprocess.run([python, "-m", "conda_index", *options, made], check=True)
        for name in ("channeldata.json", *(f"{subdir}/run_exports.json" for subdir in SUBDIRS)):
            (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(made, name), REFERENCE / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
