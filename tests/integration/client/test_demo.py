"""The whole demo: its output shows each step that its help promises."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from chaninfra.demo.what_next import STATE, what_next
from support.channels.packages import make_package
from support.paths import ROOT
from support.pulumi.stacks import engine
from support.servers.s3_servers import Server


def test_the_demo_runs_all_steps(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chaninfra.cli", "demo"],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=300,
    )
    shown = done.stdout
    assert done.returncode == 0, shown + done.stderr
    steps = re.findall(r"^== (\d)\.", shown, re.MULTILINE)
    assert steps == ["1", "2", "3", "4", "5", "6"]
    # The client: the solved packages, their channel, and the installed files.
    for name in ("demo-words-1.0.0", "demo-engine-2.3.1", "demo-app-0.1.0"):
        assert f"{name}-demo_0.conda  from s3://demo-bucket/demo-channel/" in shown
    assert "share/demo-app/README.txt: demo-app 0.1.0, from a channel on S3" in shown
    assert "[workspace.s3-options.demo-bucket]" in shown
    # The second `pulumi up`.
    assert "no changes; 12 index files, 0 of them changed" in shown
    assert re.search(r"What to type next.*on AWS.*on a store of your own", shown, re.DOTALL)
    assert list(tmp_path.iterdir()) == []
    assert f"cd {ROOT}\n" in shown


def test_what_it_says_to_type_next_runs_as_pasted_into_a_new_terminal(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    """With nothing of this process but what a login gives: not PATH, and no variable of Pulumi's."""
    project, home = tmp_path / "a clone", tmp_path / "home"
    for folder in (project, home):
        folder.mkdir()
    for name in ("infra", "Pulumi.yaml"):
        (project / name).symlink_to(ROOT / name)
    make_package(project, "my-package", "1.0")
    assert "in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY:" in what_next(engine().bin, project)
    first, _, own, then = re.findall(r"^  \S.*\n((?:    .*\n)+)", what_next(engine().bin, project), re.MULTILINE)
    script = f"{first}{own}{then}".replace("https://s3.example.com", minio.endpoint_url)
    done = subprocess.run(
        ["bash", "-eu", "-c", script.replace("my-bucket", bucket_name)],
        cwd="/",
        env={
            "HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "PULUMI_HOME": str(home / ".pulumi"),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **minio.environment(),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "my-package-1.0-0.conda: uploaded" in done.stdout
    assert f"s3://{bucket_name}/my-channel" in (project / "pixi.toml").read_text("utf-8")
    assert (home / ".pulumi-passphrase").stat().st_mode & 0o077 == 0


def test_its_lines_are_those_of_the_page_and_name_a_clone_where_there_is_none(tmp_path: Path) -> None:
    assert STATE in (ROOT / "docs" / "first-channel.md").read_text("utf-8")
    said = what_next(tmp_path / "it's here", tmp_path)
    assert "cd PATH/TO/CLONE/OF/chaninfra\n" in said
    assert f'{shlex.quote(f"{Path(sys.executable).parent}:{tmp_path}/it" + chr(39) + "s here")}:"$PATH"' in said
