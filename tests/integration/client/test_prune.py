"""Prune as a user runs it, on a real store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaninfra.channel.conda.summary import Summary, dump
from chaninfra.channel.errors import RefusedError
from chaninfra.index.prune.prepare import matchers_of, prepare
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.channels.channels import etags
from support.channels.packages import make_package
from support.channels.retention import declare, opened_later, pruned_later
from support.channels.terminal import Terminal
from support.servers.s3_servers import Server

OLD, NEW = "hello-1.0-0.conda", "hello-2.0-0.conda"
FOLDER = f"{PREFIX}/noarch"


@pytest.fixture
def place(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0 and 2.0, of which a rule takes the first, and tool, which needs it."""
    made = new_place(minio, bucket_name, "noarch", "linux-64")
    made.done(
        "publish",
        make_package(tmp_path, "hello", "1.0", payload=b"the first\n"),
        make_package(tmp_path, "hello", "2.0", payload=b"the second\n"),
        make_package(tmp_path, "tool", "1.0", subdir="linux-64", depends=["hello"]),
    )
    declare(made, newest={"match": "hello", "keep-newest": 1}, none={"match": "nothing", "keep-newest": 1})
    return made


def test_what_a_rule_takes_is_yanked_and_after_the_grace_period_deleted(place: Place, tmp_path: Path) -> None:
    before = etags(place.server, place.bucket)
    shown = place.run("prune", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    head, row, *rest = shown.stdout.splitlines()
    assert head.split() == ["PACKAGE", "WHAT", "SIZE", "WHY"]
    assert row.split()[:2] == [f"noarch/{OLD}", "yank"]
    assert row.endswith("newest: not of the newest version")
    assert rest[0] == "0 packages (0 B) would be deleted"
    assert rest[1].startswith("1 package (")
    assert "note: the rule none matches no package" in shown.stderr
    assert etags(place.server, place.bucket) == before
    asked = place.run("prune")
    assert asked.returncode == 2
    assert "there is no terminal to ask on" in asked.stderr
    assert f"then run `chaninfra prune {place.url} --endpoint-url {place.server.endpoint_url} --yes`" in asked.stderr
    assert etags(place.server, place.bucket) == before
    assert f"noarch/{OLD}: yanked (newest: not of the newest version)" in place.done("prune", "--yes")
    (listed,) = [each for each in json.loads(place.done("ls", "--json")) if each["file"] == OLD]
    assert listed["yanked"] == "retention rule newest: not of the newest version"
    conda_client.install(place.url, ["tool"], tmp_path / "then", place.server)
    place.server.client().put_object(Bucket=place.bucket, Key=f"{FOLDER}/{OLD}.sigs", Body=b"[]")
    waiting = json.loads(place.done("prune", "--yes", "--json"))
    assert [each["package"] for each in waiting["waiting"]] == [f"noarch/{OLD}"]
    assert not waiting["deleted"]
    assert not pruned_later(place, 13).deleted
    place.set_page()
    said = dump(Summary(name="hello", file=OLD, version="1.0"))
    place.server.client().put_object(Bucket=place.bucket, Key=f"{FOLDER}/summaries/hello.json", Body=said)
    deleted = pruned_later(place, 15).deleted
    assert [each.package.path_in_channel for each in deleted] == [f"noarch/{OLD}"]
    there = etags(place.server, place.bucket)
    assert f"{FOLDER}/{NEW}" in there
    assert not [key for key in there if OLD in key]
    assert f"{FOLDER}/summaries/hello.json" not in there
    place.done("reindex", "--check")
    assert [each["file"] for each in json.loads(place.done("ls", "--json")) if each["name"] == "hello"] == [NEW]
    conda_client.install(place.url, ["tool"], tmp_path / "later", place.server)


@pytest.mark.long
def test_it_asks_on_a_terminal(place: Place) -> None:
    before = etags(place.server, place.bucket)
    command = ("prune", place.url, "--rule", "newest", "--json", "--endpoint-url", place.server.endpoint_url)
    for answer, code in (("n\r", 1), ("\x04", 130), ("\x03", 130), ("yes\r", 0)):
        assert etags(place.server, place.bucket) == before
        terminal = Terminal(*command, server=place.server, columns=200)
        terminal.read_until(lambda terminal=terminal: "[y/N]" in terminal.plain)
        assert "1 package" in terminal.said
        assert "Yank 1 package? [y/N]:" in terminal.said
        terminal.type(answer)
        assert terminal.wait() == code, terminal.plain
        if code:
            assert "nothing was changed" in terminal.said
            assert "`chaninfra prune" in terminal.said
    assert etags(place.server, place.bucket) != before


@pytest.mark.long
def test_what_a_snapshot_has_can_be_installed_from_it_until_it_is_removed(place: Place, tmp_path: Path) -> None:
    place.done("snapshot create", "v1")
    place.done("prune", "--yes")
    kept = pruned_later(place, 15)
    assert not kept.deleted
    place.done("gc")
    conda_client.install(f"{place.url}/snapshots/v1", ["hello ==1.0"], tmp_path / "env", place.server)
    assert (tmp_path / "env" / "prefix" / "share" / "hello.txt").read_bytes() == b"the first\n"
    place.done("snapshot rm", "v1")
    assert [each.package.file for each in pruned_later(place, 15).deleted] == [OLD]


@pytest.mark.long
def test_a_lock_file_keeps_what_it_has(place: Place, tmp_path: Path) -> None:
    lock = tmp_path / "explicit.txt"
    lock.write_text(f"@EXPLICIT\nhttps://mirror.example.com/x/noarch/{OLD}\n")
    kept = json.loads(place.done("prune", "--yes", "--json", "--lock", lock))
    assert not kept["yanked"]
    assert [(each["package"], each["needed-by"]) for each in kept["kept"]] == [(f"noarch/{OLD}", str(lock))]
    lock.write_text("@EXPLICIT\nhttps://conda.example.com/noarch/other-1.0-0.conda\n")
    told = place.run("prune", "--dry-run", "--lock", lock)
    assert f"note: {lock} has no package of this channel" in told.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--rule", "newst"], 2, "there is no rule 'newst'\n  did you mean 'newest'?"),
        (["--lock", "no-such.lock"], 2, "no-such.lock: there is no such file"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    place: Place, words: list[str], code: int, message: str
) -> None:
    before = etags(place.server, place.bucket)
    done = place.run("prune", "--yes", *words)
    assert done.returncode == code
    assert message in done.stderr
    assert etags(place.server, place.bucket) == before


def test_a_rule_that_takes_all_of_a_subdir_is_shown_and_refused(place: Place) -> None:
    declare(place, tools={"match": "hello", "older-than": "1d"})
    opened = opened_later(place, 2)
    planned = prepare(opened, matchers_of(opened))
    assert len(planned.yank) == 2
    with pytest.raises(RefusedError, match=r"no package would be left in the index of noarch \(2 packages\): tools"):
        planned.check()


def test_a_publisher_can_do_none_of_it(place: Place) -> None:
    keys = allowed(
        place.server,
        place.bucket,
        "s3:GetObject",
        "s3:ListBucket",
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/linux-64/*", f"{PREFIX}/.chaninfra/history/*"),
    )
    before = etags(place.server, place.bucket)
    assert place.run("prune", "--dry-run", **keys).returncode == 0
    denied = place.run("prune", "--yes", **keys)
    assert denied.returncode == 5
    assert "only maintainers may yank" in denied.stderr
    assert etags(place.server, place.bucket) == before
