"""The doctor's table, its remedies, and lists of names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from chaninfra.channel.conda.index_files import compress
from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.channel.outputs.descriptor import DescribedIndex, to_document
from chaninfra.channel.probe.finding import Finding
from chaninfra.cli.doctor_case import examined
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.doctor.checks.names import read_names
from chaninfra.doctor.checks.pixi_client import _environment, without_queries
from chaninfra.doctor.checks.table import CHECKS, Check, chosen, run
from chaninfra.doctor.examination import Case
from chaninfra.doctor.remedies import Remedies
from support.channels.channels import descriptor

PLACE = Remedies(
    source="place", channel="s3://b-b/c", flags={"--endpoint-url": "https://a b", "--force-path-style": "true"}
)
STACK = Remedies(source="stack", channel="stack:prod#c", stack="prod")


def case(**more: object) -> Case:
    return Case(given=descriptor(), origin="descriptor", remedies=PLACE, **more)  # type: ignore[arg-type]


def test_a_check_hangs_on_those_before_it_and_has_a_function() -> None:
    names = [*CHECKS]
    for place, (name, check) in enumerate(CHECKS.items()):
        assert {*check.needs, *check.spoiled_by} <= {*names[:place]}, name
        assert callable(check.function)


def test_all_are_run_but_those_that_take_an_option() -> None:
    assert chosen((), case()) == [name for name in CHECKS if name != "names"]
    assert chosen((), case(names=frozenset({"numpy"}))) == [*CHECKS]
    assert chosen(("reader", "endpoint"), case()) == ["endpoint", "reader"]
    with pytest.raises(ConfigurationError, match="there is no check 'reder'"):
        chosen(("reder",), case())


def test_what_hangs_on_a_failed_check_is_skipped_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Case) -> object:
        raise StorageError("answered 500", where="https://a", remedy="try again")
        yield

    def fine(_: Case) -> object:
        yield Finding(name="c", state="ok", found="well")

    checks = {"a": (failing, ()), "b": (fine, ("a",)), "c": (fine, ()), "d": (fine, ("c", "b"))}
    made = {name: Check(title="", function=function, needs=needs) for name, (function, needs) in checks.items()}
    monkeypatch.setattr("chaninfra.doctor.checks.table.CHECKS", made)
    found = run(case(), ["a", "b", "c", "d"])
    assert [(each.name, each.state, each.found) for each in found] == [
        ("a", "failed", "https://a: answered 500"),
        ("b", "skipped", "cannot be judged without `a`"),
        ("c", "ok", "well"),
        ("d", "skipped", "cannot be judged without `a`"),
    ]


def test_a_remedy_names_the_channel_and_the_flags_as_they_were_given() -> None:
    flags = "--endpoint-url 'https://a b' --force-path-style=true"
    assert PLACE.run("reindex", "--force") == f"chaninfra reindex s3://b-b/c --force {flags}"
    assert PLACE.run("yank", "hello") == f"chaninfra yank -c s3://b-b/c hello {flags}"
    assert Remedies(source="stack").run("gc") == "chaninfra gc"


def test_a_setting_is_changed_where_it_is_said() -> None:
    flag = "chaninfra doctor s3://b-b/c --endpoint-url 'https://a b' --force-path-style=false"
    assert PLACE.set("force-path-style", "false", written=True) == flag
    assert PLACE.set("region", "eu-1", written=False).endswith("--region eu-1")
    assert "set `region` to eu-1 in its stack config" in PLACE.set("region", "eu-1", written=True)
    up = "pulumi up --stack prod"
    assert STACK.set("region", "eu-1", written=False) == f"pulumi config set region eu-1 --stack prod && {up}"
    assert STACK.up() == up


def test_one_writer_is_recorded_by_a_command_where_flags_can_say_the_rest() -> None:
    index = DescribedIndex(conditional_writes=ConditionalWrites(create=False, replace=False, multipart=False))
    single = PLACE.single(descriptor(index=index))
    assert single.startswith("chaninfra init s3://b-b/c --subdir linux-64 --subdir osx-arm64 --name my-channel ")
    assert "--writers single" in single
    assert "pulumi up" in PLACE.single(descriptor(index=DescribedIndex(compression_level=3)))
    assert "pulumi up" in STACK.single(descriptor())


RECORDS = {"a-1-0.conda": {"name": "a"}, "b-1-0.conda": {"name": "b"}}


@pytest.mark.parametrize(
    "data",
    [
        b"a\n# c\n\nb # d\n",
        b'["a", "b"]',
        json.dumps({"packages.conda": RECORDS}).encode(),
        compress(json.dumps({"packages.conda": RECORDS}).encode(), 1),
    ],
    ids=["lines", "json", "repodata", "zst"],
)
def test_names_are_read(data: bytes) -> None:
    assert read_names(data, "names") == {"a", "b"}


def test_names_are_read_from_a_shard_index() -> None:
    import msgspec

    document = {"version": 1, "info": {"subdir": "noarch"}, "shards": {"a": b"1" * 32, "b": b"2" * 32}}
    assert read_names(compress(msgspec.msgpack.encode(document), 1), "names") == {"a", "b"}


@pytest.mark.parametrize(
    "data", [b"", b"# nothing\n", b"{", b"[1]", b"\xff\xfe", b"two words\n", b"\x28\xb5\x2f\xfd?", b"{}"]
)
def test_what_holds_no_names_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no package names"):
        read_names(data, str(tmp_path))


def test_what_the_client_says_has_no_signature_in_it() -> None:
    said = "403 Forbidden for url (https://a.b/c/d.zst?X-Amz-Security-Token=abc%2F&X-Amz-Signature=0f), and more"
    assert without_queries(said) == "403 Forbidden for url (https://a.b/c/d.zst), and more"


def test_the_environment_is_as_it_was_after_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("RATTLER_AUTH_FILE", raising=False)
    before = dict(os.environ)
    with _environment({"AWS_PROFILE": None, "RATTLER_AUTH_FILE": "a"}):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["RATTLER_AUTH_FILE"] == "a"
    assert dict(os.environ) == before


def test_a_stack_is_examined_by_what_it_put_out(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {"my-channel": to_document(descriptor())}
    monkeypatch.setattr("chaninfra.engine.stacks.stack_output", lambda *_: outputs)
    monkeypatch.setenv("S3_ACCESS_KEY_ID", "half")
    found = examined("stack:prod", StoreFlags(region="eu-1", secret_access_key=None), "publisher", None)
    assert (found.given.region, found.origin, found.role) == ("eu-1", "descriptor", "publisher")
    assert found.problem is not None
    assert found.remedies == Remedies(source="stack", channel="stack:prod", flags={"--region": "eu-1"}, stack="prod")
    assert found.remedies.declare("region", "eu-2").startswith(
        "pulumi config set region eu-2 --stack prod && pulumi up"
    )


def test_a_place_is_examined_though_nothing_answers(tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("a\n")
    flags = StoreFlags(endpoint_url="http://127.0.0.1:1", access_key_id="me", secret_access_key="my-secret")
    found = examined("s3://my-bucket/c", flags, None, str(names))
    assert (found.origin, found.names, found.names_from) == ("assumed", {"a"}, str(names))
    assert "my-secret" not in found.remedies.run("reindex") + repr(found)
    results = run(found, chosen((), found))
    assert [each.name for each in results if each.state == "failed"] == ["endpoint"]
    assert {each.found for each in results if each.state == "skipped"} == {"cannot be judged without `endpoint`"}
