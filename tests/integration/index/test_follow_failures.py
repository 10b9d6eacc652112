"""A follower whose store cannot be used for a while, by a proxy between them. The server sends its events all along."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.channels.follower_process import until
from support.channels.sending import package, sending
from support.servers.s3_proxy import proxy
from support.servers.s3_traffic import Answer, Fault, Reset

pytestmark = pytest.mark.long


@pytest.mark.parametrize("fault", [Reset("before"), Answer(403, "AccessDenied"), Answer(503, "SlowDown")], ids=str)
def test_a_store_that_cannot_be_used_for_a_while_loses_nothing(tmp_path: Path, bucket_name: str, fault: Fault) -> None:
    """versitygw sends an event once, so that what it was not acknowledged must be kept."""
    with (
        sending("versitygw", tmp_path, bucket_name) as at,
        proxy(at.server) as between,
        at.follower(0, between.server) as follower,
    ):
        follower.until_compared()
        bucket = at.bucket
        bucket.put(*package(0, 10))
        until(lambda: bucket.indexed() == bucket.there, follower.told)
        until(lambda: follower.metric("chaninfra_follow_pending") == 0, follower.told)
        between.rule = lambda _: fault
        bucket.put(*package(1, 10))
        until(lambda: follower.metric("chaninfra_follow_failures_total") >= 1, follower.told)
        bucket.put(*package(2, 10))
        until(lambda: follower.metric("chaninfra_follow_not_acknowledged_total") >= 1, follower.told)
        until(lambda: follower.ask("/healthz")[0] == 503, follower.told)
        assert follower.metric("chaninfra_follow_pending") == 2
        assert len(bucket.indexed()) == 1
        # Meanwhile it waits, longer from try to try.
        waited = [line["again_in_seconds"] for line in follower.lines() if line["event"] == "failed"]
        assert waited[0] < waited[-1]
        between.rule = None
        until(lambda: bucket.indexed() == bucket.there, follower.told, seconds=90)
        until(lambda: follower.ask("/healthz")[0] == 200, follower.told)
        assert follower.metric("chaninfra_follow_pending") == 0
        assert follower.terminate() == 0
        log = follower.told()
        assert at.server.secret_access_key not in log
        assert "Traceback" not in log
