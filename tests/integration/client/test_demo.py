"""The whole demo: its output shows each step that its help promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


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
