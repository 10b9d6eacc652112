"""One way to name a channel: -c works with every command, and the argument where it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX, Place
from support.channels.cli_daemon import Resident
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server


@pytest.fixture(scope="module")
def place(minio: Server, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A channel with hello 1.0 and 2.0 (yanked), and tool 1.0."""
    bucket, folder = "test-naming-channels", tmp_path_factory.mktemp("packages")
    minio.client().create_bucket(Bucket=bucket)
    made = Place(minio, bucket, f"s3://{bucket}/{PREFIX}")
    create_channel(minio, made.url, "linux-64", provider="minio")
    made.done(
        "publish",
        make_package(folder, "hello", "1.0"),
        make_package(folder, "hello", "2.0", build="py_1"),
        make_package(folder, "tool", "1.0", subdir="linux-64"),
    )
    made.done("yank", "hello >=2")
    return made


@pytest.mark.parametrize("command", ["ls", "reindex", "gc", "doctor", "manifest", "init"])
@pytest.mark.parametrize("form", ["argument", "-c", "--channel", "both", "after"])
def test_every_command_takes_the_channel_either_way(command: str, form: str, place: Place, program: Resident) -> None:
    words = {
        "argument": [place.url],
        "-c": ["-c", place.url],
        "--channel": [f"--channel={place.url}"],
        "both": [place.url, "-c", place.url],
        "after": ["--endpoint-url", place.server.endpoint_url, place.url],
    }[form]
    more = {"init": ["--subdir", "linux-64", "--provider", "minio"], "gc": ["--dry-run"], "manifest": ["--auth", "aws"]}
    done = program.run(
        command, *words, *more.get(command, []), "--endpoint-url", place.server.endpoint_url, server=place.server
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["ls", "reindex", "gc", "doctor", "manifest", "init"])
def test_two_channels_are_refused(command: str, place: Place, program: Resident) -> None:
    done = program.run(command, place.url, "-c", "s3://another/channel")
    assert done.returncode == 2
    assert "two channels are named" in done.stderr
    assert "s3://another/channel" in done.stderr


@pytest.mark.parametrize(
    ("args", "channel"),
    [
        (["publish", "s3://b/c", "a.conda"], "s3://b/c"),
        (["publish", "a b.conda", "stack:prod"], "stack:prod"),
        (["publish", "https://example.com/c"], "https://example.com/c"),
        (["publish", "channel.json", "a.conda"], "channel.json"),
        (["yank", "s3://b/c", "a >=1", "--dry-run"], "s3://b/c"),
        (["unyank", "a", "s3://b/c"], "s3://b/c"),
        (["ls", "a", "s3://b/c"], "s3://b/c"),
        (["snapshot", "create", "s3://b/c", "y"], "s3://b/c"),
        (["notice", "add", "Some news", "s3://b/c"], "s3://b/c"),
        (["patch", "import", "a.json", "--subdir", "noarch", "s3://b/c"], "s3://b/c"),
    ],
)
def test_a_channel_in_the_wrong_place_is_told_where_it_belongs(
    args: list[str], channel: str, program: Resident
) -> None:
    done = program.run(*args)
    assert done.returncode == 2
    assert f"{channel}: is a channel, and" in done.stderr
    # A whole command would lack the options that were given.
    assert done.stderr.endswith(f"\n  put -c before it: `-c {channel}`\n")


def test_a_misspelt_channel_gets_an_error_alone(place: Place, program: Resident, tmp_path: Path) -> None:
    at = ("--endpoint-url", place.server.endpoint_url)
    package, url = make_package(tmp_path, "hello", "3.0"), f"{place.url}x"
    for words in (["manifest", url], ["publish", package, "-c", url], ["ls", url], ["yank", "hello", "-c", url]):
        done = program.run(*words, *at, server=place.server)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert f"error: {url}: there is no channel: neither a channel.json nor an index" in done.stderr
        assert f"give one of this bucket: {place.url}; " in done.stderr
        assert "note:" not in done.stderr


def test_manifest_of_a_channel_that_cannot_be_read_warns(place: Place, program: Resident) -> None:
    at = ("--endpoint-url", place.server.endpoint_url, "--auth", "aws")
    done = program.run("manifest", place.url, *at)
    assert (done.returncode, place.url in done.stdout) == (0, True)
    assert done.stderr.startswith("warning: channel.json could not be read")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in done.stderr
    none = program.run("manifest", f"s3://{place.bucket}-none/c", *at, server=place.server)
    assert (none.returncode, none.stdout, "there is no bucket" in none.stderr) == (1, "", True)


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("AWS_ACCESS_KEY_ID", "it does not know this access key"),
        ("AWS_SECRET_ACCESS_KEY", "the secret access key is not the one of this access key"),
    ],
)
def test_manifest_prints_nothing_with_credentials_that_the_store_rejects(
    variable: str, says: str, place: Place, program: Resident
) -> None:
    words = ("manifest", place.url, "--endpoint-url", place.server.endpoint_url, "--auth", "aws")
    done = program.run(*words, server=place.server, env={variable: "another"})
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert "add --offline" in done.stderr
    assert program.run(*words, "--offline", server=place.server, env={variable: "another"}).returncode == 0


def test_init_needs_a_channel(program: Resident) -> None:
    done = program.run("init", env={"CHANINFRA_CHANNEL": "s3://b/c"})
    assert (done.returncode, "chaninfra init s3://BUCKET/PREFIX" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["hello"], ["hello-1.0-0.conda", "hello-2.0-py_1.conda"]),
        (["HELLO"], ["hello-1.0-0.conda", "hello-2.0-py_1.conda"]),
        (["hello >=1.5"], ["hello-2.0-py_1.conda"]),
        (["hello 2.0 py_*"], ["hello-2.0-py_1.conda"]),
        (["hello==1.0", "tool"], ["hello-1.0-0.conda", "tool-1.0-0.conda"]),
        (["tool-1.0-0.conda"], ["tool-1.0-0.conda"]),
        (["noarch/hello-1.0-0.conda"], ["hello-1.0-0.conda"]),
        ([], ["hello-1.0-0.conda", "hello-2.0-py_1.conda", "tool-1.0-0.conda"]),
    ],
)
def test_ls_takes_match_specs(words: list[str], wanted: list[str], place: Place, program: Resident) -> None:
    at = ("--endpoint-url", place.server.endpoint_url)
    for where in ([place.url, *words], [*words, "-c", place.url]):
        done = program.run("ls", "--json", *where, *at, server=place.server)
        assert done.returncode == 0, done.stderr
        assert sorted(each["file"] for each in json.loads(done.stdout)) == wanted


def test_ls_of_what_is_not_there_lists_the_rest_and_fails(place: Place, program: Resident) -> None:
    at = ("--endpoint-url", place.server.endpoint_url)
    done = program.run("ls", "tool", "hello >5", "-c", place.url, *at, server=place.server)
    assert done.returncode == 1
    assert "tool" in done.stdout
    assert "1 package" in done.stdout
    assert "there is no such package: hello >5" in done.stderr
    assert f"chaninfra ls {place.url}" in done.stderr
    misspelt = program.run("ls", "tol", "-c", place.url, *at, server=place.server)
    assert "did you mean 'tool'?" in misspelt.stderr


def test_ls_of_no_match_spec_makes_no_request(program: Resident) -> None:
    for word in ("a >=", "\udcff >1"):
        done = program.run("ls", word, "-c", "s3://b/c", "--endpoint-url", "http://127.0.0.1:1")
        assert (done.returncode, "is not a match spec" in done.stderr) == (2, True), done.stderr


def test_a_descriptor_in_a_file_of_any_name_is_a_channel(place: Place, program: Resident, tmp_path: Path) -> None:
    stored = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/channel.json")["Body"].read()
    for name in ("channel.json", "described"):
        (tmp_path / name).write_bytes(stored)
        at = ("--endpoint-url", place.server.endpoint_url)
        done = program.run("ls", tmp_path / name, "tool", *at, server=place.server)
        assert (done.returncode, "1 package" in done.stdout) == (0, True), done.stderr
