"""The settings that the page shows are those that `chaninfra manifest` prints, byte for byte, of every descriptor."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import DescribedIndex, Descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.store_cases import NEEDED
from support.page_build import programs

pytestmark = pytest.mark.long

FORMATS: tuple[Format, ...] = ("pixi", "pyproject", "config", "condarc", "login", "aws-config")
HOSTILE = [
    "--index=evil",
    "a; rm -rf ~",
    "$(id)",
    "`id`",
    "a\nb",
    "a'b",
    "-",
    "",
    "a b",
    "a\x1b[2J",
    "é",
    "a" * 300,
    "*",
]


@dataclass(frozen=True)
class Question:
    """What the page is asked for."""

    descriptor: Descriptor
    snapshot: str | None = None
    name: str = "hello"
    version: str | None = None


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return programs(tmp_path_factory.mktemp("page")) / "settings.program.mjs"


def answers(program: Path, questions: Sequence[Question]) -> list[dict[str, Any]]:
    lines = [json.dumps(msgspec.to_builtins(each)) for each in questions]
    command = ["node", str(program)]
    ran = subprocess.run(command, input="\n".join(lines), capture_output=True, check=True, timeout=60, text=True)
    # JSON may have line ends of Unicode in it.
    found = [json.loads(line) for line in ran.stdout.removesuffix("\n").split("\n")]
    assert len(found) == len(questions)
    return found


def printed(question: Question) -> dict[str, str]:
    """Format → what `chaninfra manifest` prints; without what is not possible."""
    found = {}
    for name in FORMATS:
        try:
            access = client_channel(question.descriptor, None, snapshot=question.snapshot)
            found[name] = render(name, ManifestRequest(channels=(access,)))
        except ConfigurationError:
            continue
    return found


def compare(program: Path, questions: Sequence[Question]) -> None:
    for question, answer in zip(questions, answers(program, questions), strict=True):
        found = {name: text for name, _, text in answer["formats"]}
        expected = printed(question)
        wrong = [name for name in FORMATS if found.get(name) != expected.get(name)]
        assert not wrong, (wrong[0], found.get(wrong[0]), expected.get(wrong[0]))
        assert [[one["title"], one["text"]] for one in answer["settings"]] == [one[1:] for one in answer["formats"]]


def described(provider: str, **keys: Any) -> Descriptor:
    raw = {"provider": provider, "bucket": "my-bucket", "prefix": "team/my-channel", **NEEDED[provider], **keys}
    stack = build_spec(raw, where="stack.yaml")
    return build_descriptor(stack.bucket, stack.channels[0])


PUBLIC_URLS = (None, "https://conda.example.com/team/", "https://[2001:db8::1]:8443/~a/b%20c")


def test_the_settings_of_each_store_by_each_way_of_access(program: Path) -> None:
    made = []
    for provider, auth, by_path, url in product(PROVIDERS, ("aws", "pixi", "public"), (False, True), PUBLIC_URLS):
        base = described(provider)
        made.append(
            msgspec.structs.replace(
                base, auth=auth, force_path_style=by_path, public_url=url, visibility="public" if url else "private"
            )
        )
    assert {each.provider for each in made} == set(PROVIDERS)
    monoliths = [DescribedIndex(monolith=one) for one in ("each-commit", "never")]
    questions = [
        Question(msgspec.structs.replace(each, index=index), snapshot)
        for each, index, snapshot in product(made, monoliths, (None, "2026-11"))
    ]
    compare(program, questions)
    formats = {name for each in questions for name in printed(each)}
    assert formats == set(FORMATS), "each format is compared"


def test_names_that_need_quotes(program: Path) -> None:
    base = described("minio")
    names = ["true", "1", "a.b", "a.b.c", "42", "NULL", "_x", "no", "A-B", "x" * 63]
    changed = [
        msgspec.structs.replace(
            base, name=name, bucket=name, prefix=name, url=f"s3://{name}/{name}", region=name, auth=auth
        )
        for name, auth in product(names, ("aws", "pixi"))
    ]
    regions = [
        msgspec.structs.replace(described("aws"), region=region, endpoint_url=f"https://s3.{region}.{suffix}")
        for region in ("cn-north-1", "us-gov-west-1", "eu-central-1")
        for suffix in ("amazonaws.com", "amazonaws.com.cn")
    ]
    subdirs = [
        msgspec.structs.replace(base, subdirs=some)
        for some in (("noarch",), ("linux-64",), ("noarch", "win-64", "osx-arm64", "win-64"))
    ]
    unknown = [msgspec.structs.replace(base, provider=name) for name in ("toString", "constructor", "__proto__", "new")]
    # Of AWS the endpoint is in no setting, whatever it is.
    aws = [msgspec.structs.replace(described("aws"), endpoint_url="\x7f", auth=auth) for auth in ("aws", "pixi")]
    compare(program, [Question(each) for each in (*changed, *regions, *subdirs, *unknown, *aws)])


# Python and the browser may know different versions of Unicode: without code points that are not assigned yet.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=12)
ODD = st.one_of(
    TEXT, st.sampled_from([*HOSTILE, '"', "\\", "'\"'", "yes", "a: b", "a #b", "\u202e", "\x7f", "\U000e0041"])
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A descriptor that no `channel.json` may hold, since each text of it may be anything."""
    bucket, prefix = draw(ODD), draw(ODD)
    descriptor = Descriptor(
        name=draw(ODD),
        provider=draw(st.sampled_from([*PROVIDERS, "new"])),
        bucket=bucket,
        prefix=prefix,
        url=f"s3://{bucket}/{prefix}",
        public_url=draw(st.none() | ODD),
        endpoint_url=draw(ODD),
        region=draw(ODD),
        force_path_style=draw(st.booleans()),
        visibility=draw(st.sampled_from(["private", "organization", "public"])),
        auth=draw(st.sampled_from(["aws", "pixi", "public"])),
        subdirs=draw(st.lists(st.sampled_from(["noarch", "linux-64", "zos-z"]), min_size=1).map(tuple)),
        index=DescribedIndex(monolith=draw(st.sampled_from(["each-commit", "never"]))),
    )
    return Question(descriptor, draw(st.none() | st.just("2026-11")), draw(ODD), draw(st.none() | ODD))


@settings(max_examples=25, deadline=None)
@given(some=st.lists(questions(), min_size=20, max_size=40))
def test_the_settings_of_any_texts(program: Path, some: list[Question]) -> None:
    compare(program, some)


def lines(program: Path, *asked: Question) -> list[dict[str, str]]:
    return [{one["title"]: one["text"] for one in each["install"]} for each in answers(program, asked)]


def test_the_commands_that_install_a_package(program: Path) -> None:
    public = described("aws", visibility="public")
    minio = described("minio")
    by_address, private, snapshot = lines(
        program, Question(public, version="1!2.0"), Question(minio), Question(public, "2026-11")
    )
    url = "https://my-bucket.s3.eu-central-1.amazonaws.com/team/my-channel"
    assert by_address == {
        "pixi": f"pixi workspace channel add --prepend {url}\npixi add 'hello==1!2.0'",
        "conda": f"conda install -c {url} 'hello==1!2.0'",
        "mamba": f"mamba install -c {url} 'hello==1!2.0'",
    }
    assert private == {
        "pixi": "pixi workspace channel add --prepend s3://my-bucket/team/my-channel\npixi add hello",
        "conda": "export AWS_DEFAULT_REGION='us-east-1'\n"
        f"export AWS_ENDPOINT_URL_S3='{minio.endpoint_url}'\n"
        "conda install -c s3://my-bucket/team/my-channel hello",
    }
    assert snapshot["conda"] == f"CONDA_REPODATA_USE_SHARDS=false conda install -c {url}/snapshots/2026-11 hello"
    assert snapshot["pixi"].startswith(f"pixi workspace channel add --prepend {url}/snapshots/2026-11\n")


def test_settings_that_point_credentials_at_an_endpoint_say_so(program: Path) -> None:
    """`chaninfra manifest` refuses to print them for an endpoint that only the channel names."""
    of_aws, minio, public = described("aws"), described("minio"), described("minio", visibility="public")
    hostile = msgspec.structs.replace(of_aws, endpoint_url="https://evil.example.com")
    found = []
    for answer in answers(program, [Question(each) for each in (of_aws, minio, public, hostile)]):
        snippets = [*answer["settings"], *answer["install"]]
        noted = {one["title"]: note for one in snippets for note in one["notes"] if "Your credentials are then" in note}
        found.append(noted)
    assert (found[0], found[2]) == ({}, {})
    assert set(found[1]) == {".condarc", "pixi auth login", "conda"}
    assert set(found[3]) == {".condarc", "~/.aws/config", "conda"}
    assert all("https://evil.example.com" in note for note in found[3].values())


def test_no_command_has_a_name_or_a_version_that_is_an_option_or_runs(program: Path) -> None:
    public = described("aws", visibility="public")
    asked = [Question(public, name=odd) for odd in HOSTILE]
    asked += [Question(public, version=odd) for odd in HOSTILE if odd != "-"]
    asked += [Question(public, odd) for odd in HOSTILE]
    assert lines(program, *asked) == [{}] * len(asked)
    assert lines(program, Question(public, version="-"))[0]["conda"].endswith(" hello==-")


@settings(max_examples=15, deadline=None)
@given(some=st.lists(questions(), min_size=20, max_size=40))
def test_a_shell_reads_the_words_of_a_command_as_they_are(program: Path, some: list[Question]) -> None:
    for question, found in zip(some, lines(program, *some), strict=True):
        spec = question.name if question.version is None else f"{question.name}=={question.version}"
        for title, text in found.items():
            first, last = text.split("\n")[0], text.split("\n")[-1]
            assert shlex.split(last)[-1] == spec
            url = shlex.split(first)[-1] if title == "pixi" else shlex.split(last)[-2]
            assert url == client_channel(question.descriptor, None, snapshot=question.snapshot).url
