"""Child processes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from chaninfra.channel.errors import EngineError
from chaninfra.engine import process
from support.pulumi.fake_engine import fake


def test_a_child_that_exceeds_its_timeout_is_killed(tmp_path: Path) -> None:
    slow = fake(tmp_path, "slow", "time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(EngineError, match="slow did not end within 1 s"):
        process.run([slow], timeout=1)
    assert time.monotonic() - start < 10
    with pytest.raises(EngineError, match="nothing does not start: No such file"):
        process.run([tmp_path / "nothing"])
