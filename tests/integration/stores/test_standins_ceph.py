"""What the stand-ins for Ceph, with which `make test` does, say of it is what it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.pulumi.handlers import Store as Handlers
from support.servers import s3_servers
from support.servers.ceph_etag_standin import hides_absence, wants_unquoted_etags
from support.servers.ceph_metadata_standin import CephMetadataStandin
from support.servers.ceph_notifications_standin import CephNotificationsStandin
from support.servers.fault_server import faulty
from support.servers.s3_servers import Server
from support.stores import ceph_answers
from support.stores.model import Running

ONLY = ("ceph",)
# Each loses about two of five settings.
_ROUNDS = 20


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that does what the stand-ins do not."""
    with s3_servers.minio(tmp_path_factory.mktemp("minio")) as server:
        yield server


def test_conditions(running: Running, behind: Server) -> None:
    with faulty(behind, wants_unquoted_etags, look=hides_absence) as standin:
        assert ceph_answers.of_conditions(standin) == ceph_answers.of_conditions(running.server)


def test_settings(running: Running, behind: Server) -> None:
    with faulty(behind, CephMetadataStandin(behind, seconds=0.01)) as standin:
        assert ceph_answers.of_settings(standin) == ceph_answers.of_settings(running.server)


def test_settings_that_are_put_at_once_are_lost(running: Running, behind: Server) -> None:
    with faulty(behind, CephMetadataStandin(behind, seconds=0.3)) as standin:
        assert ceph_answers.lost_at_once(standin)
    assert any(ceph_answers.lost_at_once(running.server) for _ in range(_ROUNDS))


def test_notifications(running: Running, behind: Server) -> None:
    made = running.server.service("sns").create_topic(Name="told", Attributes={"push-endpoint": "http://127.0.0.1:9/"})
    topic = made["TopicArn"]
    with faulty(behind, CephNotificationsStandin({topic.replace(":default::", "::")})) as standin:
        assert ceph_answers.of_notifications(standin, topic) == ceph_answers.of_notifications(running.server, topic)


def test_a_setting_that_the_store_does_not_have_is_not_removed(running: Running, bucket_name: str) -> None:
    """Ceph would delete the bucket, if it is empty."""
    handlers = Handlers(running.server, bucket_name)
    handlers.handler("bucket").create(handlers.props())
    before = handlers.props(settings={"encryption": {"Rules": []}})
    handlers.handler("settings").update(before, handlers.props(settings={}))
    handlers.handler("settings").delete(before)
    running.server.client().head_bucket(Bucket=bucket_name)
