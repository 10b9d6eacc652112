"""The blocks of docs/first-channel.md, pasted at once into a terminal of somebody who has nothing yet.

That is an empty home, and no variables.

A terminal answers the questions of programs by its input, which comes after what was pasted: see `support.terminal`.

What is put in: names of places, and the environment that the templates' tests share (see `environment`), in place of a
new one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from support.channels import conda_client
from support.paths import ROOT
from support.servers.s3_servers import Server
from support.terminal import paste

pytestmark = pytest.mark.long

# Variables of a shell that no reader of the page has set.
_KEPT = ("PATH", "PIP_", "HTTP", "http", "NO_PROXY", "no_proxy", "SSL_", "LANG", "CURL_", "REQUESTS_")


def blocks() -> list[str]:
    """The shell blocks of the page after `<!-- paste -->`, in order."""
    page = (ROOT / "docs" / "first-channel.md").read_text("utf-8")
    return re.findall(r"<!-- paste(?:: \w+)? -->\n```sh\n(.*?)```", page, re.DOTALL)


def clone(folder: Path) -> Path:
    """What git has of this folder, as a clone would."""
    made = folder / "chaninfra"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, files.stdout.split("\0")):
        if not name.startswith("tests/") and (ROOT / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made / name)
    subprocess.run(["git", "init", "-q"], cwd=made, check=True)
    subprocess.run(["git", "add", "-A"], cwd=made, check=True)
    return made


def test_pasted_at_once_they_lead_to_an_installed_package(
    minio: Server, bucket_name: str, shell: dict[str, str], environment: Path, tmp_path: Path
) -> None:
    folder, home = clone(tmp_path), tmp_path / "home-of-nobody"
    home.mkdir()
    made = "python3 -m venv env && "
    first, *rest = blocks()
    assert made in first
    places = {"my-bucket": bucket_name, "https://s3.example.com": minio.endpoint_url}
    script = "".join([first.replace(made, f"ln -s {environment} env && "), *rest])
    for written, real in places.items():
        script = script.replace(written, real)
    variables = {name: value for name, value in shell.items() if name.startswith(_KEPT) and name != "CHANINFRA_SOURCE"}
    variables |= {"HOME": str(home), **minio.environment()}
    # Pulumi takes its own folder from the home that the system knows, and not from HOME.
    variables["PULUMI_HOME"] = str(home / ".pulumi")
    # The engine of this machine is on PATH; what the page does without one is tested in `tests/unit/engine`.
    variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"

    codes, seen = paste(script, folder, variables, 900)
    assert set(codes) == {0}, seen

    workspace = tomllib.loads((folder / "pixi.toml").read_text("utf-8"))["workspace"]
    installed = conda_client.install(workspace["channels"][0], ["my-package"], tmp_path / "client", minio)
    assert "share/my-package.txt" in installed
    assert (tmp_path / "my-channel" / "Pulumi.yaml").is_file()
    # Nothing of it is in the way of git, and the passphrase is for its owner alone.
    status = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True, check=True)
    assert [line for line in status.stdout.splitlines() if line.startswith("??")] == []
    assert (home / ".pulumi-passphrase").stat().st_mode & 0o077 == 0
    assert [*(home / ".pulumi" / "stacks").rglob("own.json")]
