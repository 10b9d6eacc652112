"""What docs/promises.md says of `--json`, of saved channels, and of an install without the extras, on a real store.

The documents in `tests/data/promises/json` are what the commands of version 0.1 printed. To save those of a new command
or what is new in one: CHANINFRA_WRITE_JSON=1 pytest tests/integration/client/test_promises.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from chaninfra.channel.conda.object_names import HISTORY_FOLDER
from chaninfra.cli.app import commands
from support.cases.odd_names import TILDE, content
from support.cases.promises import FOLDER, shape
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags
from support.channels.cli_runner import chaninfra
from support.channels.index_reader import forms
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.channels.retention import declare
from support.channels.saved_channels import NOARCH, lay
from support.servers.s3_servers import Server
from support.without_extras import hiding

SAVED = FOLDER / "json"
WRITING = bool(os.environ.get("CHANINFRA_WRITE_JSON"))
COMMANDS = {name for name, _ in commands()}
# One shows the whole workflow, with a stack and a store of its own, and two run until they are stopped;
# tests/unit/channel/test_extras.py has them.
NEEDS_EXTRA = {"demo", "follow", "browse"}


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    """A bucket without a channel."""
    minio.client().create_bucket(Bucket=bucket_name)
    return Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")


class Session:
    """Somebody who types commands where no package of an extra is installed."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._place, self._folder = place, folder
        self.ran: set[str] = set()
        self.printed: dict[str, Any] = {}
        """Name of a saved document → what was printed now."""

    def run(self, code: int, *words: str | Path) -> CompletedProcess[str]:
        """A command that must end with this exit code."""
        done = chaninfra(*str(words[0]).split(), *words[1:], server=self._place.server, env=hiding(), cwd=self._folder)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        self.ran.add(str(words[0]))
        return done

    def on(self, code: int, command: str, *words: str | Path) -> CompletedProcess[str]:
        """A command on the channel."""
        where = ("-c", self._place.url, "--endpoint-url", self._place.server.endpoint_url)
        return self.run(code, command, *words, *where)

    def json(self, name: str, code: int, command: str, *words: str | Path) -> None:
        """A command on the channel with `--json`."""
        self._keep(name, self.on(code, command, *words, "--json"))

    def plain_json(self, name: str, *words: str) -> None:
        """A command without a channel, with `--json`."""
        self._keep(name, self.run(0, *words, "--json"))

    def copy_json(self, name: str, to: str, *words: str) -> None:
        """A copy of the channel to another one in its bucket, with `--json`."""
        where = ("--from", self._place.url, "--to", to, "--endpoint-url", self._place.server.endpoint_url)
        self._keep(name, self.run(0, "copy", "--all", *words, "--json", *where))

    def _keep(self, name: str, done: CompletedProcess[str]) -> None:
        text = done.stdout
        for own, shown in (
            (self._place.bucket, "my-bucket"),
            (self._place.server.endpoint_url, "https://minio.example.com"),
            (str(self._folder), "packages"),
            (self._place.server.access_key_id, "AKIAIOSFODNN7EXAMPLE"),
        ):
            text = text.replace(own, shown)
        self.printed[name] = json.loads(text)


def test_every_command_works_without_the_extras_and_prints_the_json_that_was_promised(
    place: Place, tmp_path: Path
) -> None:
    typed = Session(place, tmp_path)
    hello = make_package(tmp_path, "hello", "1.0")
    tool = make_package(tmp_path, "tool", "1.0", subdir="linux-64")
    other = make_package(tmp_path / "other", "hello", "1.0", payload=b"other bytes")
    typed.json("init", 0, "init", "--subdir", "linux-64")
    typed.json("publish", 0, "publish", hello, tool)
    typed.json("publish-force", 0, "publish", "--force", other)
    typed.json("patch-add", 0, "patch add", "tool", "--depends", "hello <2", "--reason", "2 is broken")
    instructions = tmp_path / "patch_instructions.json"
    instructions.write_text(
        '{"packages.conda": {"new-1.0-0.conda": {"license": "MIT"}}, "remove": ["new-2.0-0.conda"]}'
    )
    typed.json("patch-import", 0, "patch import", instructions, "--subdir", "noarch")
    typed.json("patch-ls", 0, "patch ls")
    typed.on(0, "patch export", "--subdir", "noarch")
    copy = f"s3://{place.bucket}/copy"
    create_channel(place.server, copy, "noarch", "linux-64")
    typed.copy_json("copy-dry-run", copy, "--dry-run")
    typed.copy_json("copy", copy)
    typed.json("patch-rm", 0, "patch rm", "tool", "new-1.0-0.conda")
    typed.json("yank", 0, "yank", "tool", "--reason", "broken", "--notice")
    typed.json("ls", 0, "ls")
    typed.json("unyank", 0, "unyank", "tool")
    _disturb(place)
    typed.json("reindex", 3, "reindex")
    typed.json("gc", 3, "gc", "--dry-run")
    typed.json("doctor", 1, "doctor")
    typed.plain_json("providers", "providers")
    typed.plain_json("provider", "providers", "minio")
    typed.json("snapshot-create", 0, "snapshot create", "v1")
    typed.json("snapshot-ls", 0, "snapshot ls")
    new = make_package(tmp_path, "new", "1.0")
    for command in (("yank", "tool"), ("publish", new)):
        typed.on(0, *command)
    typed.json("rollback", 0, "rollback", "--to", "v1", "--yes")
    typed.json("notice-add", 0, "notice add", "Be careful", "--id", "n1", "--expires", "2099-01-31")
    typed.json("notice-ls", 0, "notice ls")
    typed.json("notice-rm", 0, "notice rm", "n1")
    typed.on(0, "manifest")
    typed.json("snapshot-rm", 0, "snapshot rm", "v1")
    typed.json("delete-dry-run", 0, "delete", "tool", "--reason", "broken", "--dry-run")
    typed.json("delete", 0, "delete", "tool", "--reason", "broken", "--yes", "--versions")
    _declare_snapshots(place)
    typed.json("snapshot-create-scheduled", 0, "snapshot create", "--scheduled")
    declare(place, newest={"match": "hello", "keep-newest": 1}, none={"match": "none", "keep-newest": 1})
    typed.on(0, "publish", make_package(tmp_path, "hello", "2.0"))
    typed.json("prune", 0, "prune", "--dry-run")
    typed.run(0, "schema", "channel")
    (tmp_path / "Pulumi.prod.yaml").write_text(
        "config:\n  x:bucket: my-bucket\n  x:provider: minio\n  x:endpoint-url: https://minio.example.com\n"
    )
    typed.run(0, "policy", "--config", "Pulumi.prod.yaml", "--list")
    assert typed.ran == COMMANDS - NEEDS_EXTRA
    if WRITING:
        _write(typed.printed)
    saved = {path.stem: json.loads(path.read_text("utf-8")) for path in SAVED.glob("*.json")}
    assert saved.keys() == typed.printed.keys()
    for name, document in saved.items():
        assert not shape(document) - shape(typed.printed[name]), name
        assert not shape(typed.printed[name]) - shape(document), f"new in {name}: see above how it is saved"


def _disturb(place: Place) -> None:
    """Put what a re-index and gc have to say something about: a file that is no package, a name that CEP 26 does not
    allow, an index file of an earlier indexer, and a state of the index that nobody can read.
    """
    for key, data in (
        (f"{NOARCH}/broken-1.0-0.conda", b"this is no package"),
        (f"{NOARCH}/{TILDE}", content(TILDE)),
        (f"{NOARCH}/current_repodata.json", b"{}"),
        (f"{PREFIX}/{HISTORY_FOLDER}/noarch/99", b"this is no index"),
    ):
        place.server.client().put_object(Bucket=place.bucket, Key=key, Body=data)


def _declare_snapshots(place: Place) -> None:
    """Let channel.json say how often snapshots are made, as that of a stack does."""
    client, key = place.server.client(), f"{PREFIX}/channel.json"
    document = json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())
    document["snapshots"] = {"every": "1d", "keep": 60}
    client.put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document))


def _write(printed: dict[str, Any]) -> None:
    for name, document in printed.items():
        path = SAVED / f"{name}.json"
        if path.is_file():
            assert shape(json.loads(path.read_text("utf-8"))) <= shape(document), name
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def test_a_channel_of_version_0_1_is_read_and_written(place: Place, tmp_path: Path) -> None:
    laid = lay("chaninfra-0.1", place)
    assert {key.split("/")[3] for key in laid if "/.chaninfra/" in key} == {"history", "seen", "gc"}
    before = {each["file"]: each for each in json.loads(place.done("ls", "--json"))}
    assert before["yanked-1.0-0.conda"]["yanked"] == "broken"
    assert "parts-1.0-0.conda" in before
    there = etags(place.server, place.bucket)
    place.done("reindex", "--check")
    place.done("doctor")
    assert etags(place.server, place.bucket) == there
    new = make_package(tmp_path, "new", "1.0")
    place.done("publish", new)
    place.done("unyank", "yanked")
    place.done("reindex")
    place.done("gc")
    after = {each["file"]: each for each in json.loads(place.done("ls", "--json"))}
    assert after.pop(new.name)["yanked"] is None
    assert after == {**before, "yanked-1.0-0.conda": {**before["yanked-1.0-0.conda"], "yanked": None}}
    json_, zst, shards = forms(place.server, place.bucket, PREFIX, ["noarch"]).values()
    assert json_ == zst == shards
    kept = {key for key in laid if key.endswith((".conda", ".tar.bz2"))}
    assert kept <= etags(place.server, place.bucket).keys()
