"""The commands of the first channel, run as they are written: only the names of places are put in.

And the README has no others than those that tests run.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from support.cases import doc_pages
from support.channels import conda_client
from support.paths import ROOT
from support.pulumi import standin
from support.pulumi.stacks import engine
from support.servers.s3_servers import Server

PAGE = ROOT / "docs" / "first-channel.md"


def commands(marker: str) -> str:
    """The shell block after `<!-- run: MARKER -->` or `<!-- paste: MARKER -->`."""
    found = re.search(rf"<!-- (?:run|paste): {marker} -->\n```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found, f"{PAGE.name} has no block {marker}"
    return found[1]


def run(script: str, folder: Path, environment: dict[str, str]) -> str:
    """What the script printed on both streams; every command of it must succeed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**engine().environment({}), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder like a fresh clone, as far as these commands see it, and the page's package to publish."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("infra", "Pulumi.yaml"):
        (folder / name).symlink_to(ROOT / name)
    run(commands("package"), folder, {})
    return folder


@pytest.fixture
def pulumi_environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "state").mkdir()
    return {
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def test_the_path_on_a_store_of_ones_own(
    minio: Server, bucket_name: str, project: Path, pulumi_environment: dict[str, str], tmp_path: Path
) -> None:
    script = commands("s3").replace("https://s3.example.com", minio.endpoint_url).replace("my-bucket", bucket_name)
    run(script, project, {**pulumi_environment, **minio.environment()})

    workspace = tomllib.loads((project / "pixi.toml").read_text("utf-8"))["workspace"]
    assert workspace["s3-options"] == {
        bucket_name: {"endpoint-url": minio.endpoint_url, "region": "us-east-1", "force-path-style": True}
    }
    installed = conda_client.install(workspace["channels"][0], ["my-package"], tmp_path / "client", minio)
    assert "share/my-package.txt" in installed


def test_the_path_on_aws_against_the_stand_in(
    aws: Server, project: Path, pulumi_environment: dict[str, str], tmp_path: Path
) -> None:
    # The stack file says where the stand-in is; all else is as on AWS.
    (project / "Pulumi.prod.yaml").write_text(
        f"config:\n  chaninfra:endpoint-url: {aws.endpoint_url}\n  chaninfra:force-path-style: true\n", "utf-8"
    )
    environment = {**standin.install(tmp_path / "home"), **aws.environment(), "AWS_ENDPOINT_URL": aws.endpoint_url}
    run(commands("aws"), project, {**pulumi_environment, **environment})

    workspace = tomllib.loads((project / "pixi.toml").read_text("utf-8"))["workspace"]
    assert workspace["channels"] == ["s3://my-bucket/my-channel", "conda-forge"]
    # On AWS pixi finds region and credentials as any AWS tool does.
    assert "s3-options" not in workspace
    installed = conda_client.install("s3://my-bucket/my-channel", ["my-package"], tmp_path / "client", aws)
    assert "share/my-package.txt" in installed


def test_the_readme_names_the_command_that_ci_runs() -> None:
    assert "make test" in lines(blocks((ROOT / "README.md").read_text("utf-8")))
    assert "make test\n" in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize(
    ("engine", "built"), [("echo /opt/engine/bin/pulumi", True), ("echo no go >&2; exit 1", False)]
)
def test_an_engine_that_could_not_be_built_is_told_and_not_put_into_the_path(
    engine: str, built: bool, tmp_path: Path
) -> None:
    (block,) = re.findall(r"<!-- paste -->\n```sh\n(command -v pulumi .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$*" = "-m chaninfra.engine" ] || exit 2\n{engine}\n')
    python.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/bash", "-c", f'{block}\necho "PATH=$PATH"'],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"PATH={'/opt/engine/bin:' if built else ''}{path}\n" in done.stdout
    assert ("There is no Pulumi engine yet" in done.stdout) is not built


def test_each_command_of_the_readme_is_one_that_a_test_runs() -> None:
    """By this file and `test_readme_pasted`, by the pages for each kind of user, by `test_demo`, or by CI."""
    pasted = re.findall(r"<!-- (?:run|paste)[^>]*-->\n```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    run = {"make demo", "make test", *lines(pasted)}
    for name in doc_pages.PAGES:
        page = re.sub(r"<!-- not run: .*?```\n.*?```", "", (ROOT / "docs" / name).read_text("utf-8"), flags=re.DOTALL)
        run |= {*lines(blocks(page)), *re.findall(r"^\$ (.*)$", page, re.MULTILINE)}
    said = lines(blocks((ROOT / "README.md").read_text("utf-8")))
    assert len(said) > 6
    # The test of each page puts a real server in the place of its example.
    hosts = {_hostless(line) for line in run}
    assert [line for line in said if _hostless(line) not in hosts] == []


def _hostless(line: str) -> str:
    return re.sub(r"https://[a-z0-9]+[.]example[.]com", "https://HOST", line)


def blocks(text: str) -> list[str]:
    """The shell blocks of a page."""
    return re.findall(r"^```sh\n(.*?)```", text, re.DOTALL | re.MULTILINE)


def lines(scripts: list[str]) -> list[str]:
    """Each line of the scripts, without the comment at its end."""
    return [re.sub(r"\s{2,}#.*", "", line).rstrip() for script in scripts for line in script.splitlines()]
