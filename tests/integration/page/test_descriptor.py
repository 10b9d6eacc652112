"""The page reads the same channel.json as chaninfra, and refuses what chaninfra refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs import descriptor as descriptors
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import from_document, to_document
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.build import build_spec
from support.cases.store_cases import NEEDED
from support.channels.channels import descriptor
from support.page_build import programs

pytestmark = pytest.mark.long

READ = (
    "name",
    "provider",
    "bucket",
    "prefix",
    "url",
    "public-url",
    "endpoint-url",
    "region",
    "force-path-style",
    "visibility",
    "auth",
    "subdirs",
)
TEXTS = """
. .. a A a/b /a a/ a//b -a _a ü <b> " javascript:alert(1) my-bucket public PUBLIC noarch https://a.example
https://a.example/ https://a.example/b?c https://u@a.example http://[::1]:80 ftp://a.example s3://my-bucket
s3://my-bucket/a s3://my-bucket/a/
"""
LONG = ("x" * 64, "x" * 65, "x" * 512, "x" * 513, "https://a.example/" + "x" * 1024)
SUBDIRS = (["noarch"], ["noarch", "noarch"], ["noarch", 1], ["no arch"], ["<b>"], [""], [])
ODD = (None, True, 0, 1.5, {}, "", " ", "a b", "a\n", *TEXTS.split(), *LONG, *SUBDIRS)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return programs(tmp_path_factory.mktemp("page")) / "descriptor.program.mjs"


def read(program: Path, documents: Sequence[object]) -> list[dict[str, Any] | None]:
    """What the page reads of each; None: it reads none."""
    lines = "\n".join(map(json.dumps, documents))
    ran = subprocess.run(["node", program], input=lines, capture_output=True, check=True, timeout=60, text=True)
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(found) == len(documents)
    return found


def accepted(document: object) -> bool:
    try:
        from_document(document, where=descriptors.__name__)
    except ConfigurationError:
        return False
    return True


def stacks() -> Iterator[dict[str, Any]]:
    """The descriptors of each provider's channels."""
    for provider, prefix, visibility in product(PROVIDERS, ("", "team/my-channel"), ("private", "public")):
        raw = {"provider": provider, "bucket": "my-bucket", "prefix": prefix, "visibility": visibility}
        try:
            stack = build_spec({**raw, **NEEDED[provider]}, where="stack.yaml")
        except ConfigurationError:
            continue
        yield to_document(build_descriptor(stack.bucket, stack.channels[0]))


def test_what_chaninfra_writes_is_read(program: Path) -> None:
    documents = [*stacks()]
    assert {each["provider"] for each in documents} == set(PROVIDERS)
    paged = [{**documents[0], "page": page} for page in (True, False)]
    earlier = {**documents[0], "version": 1, "index": {}}
    for document, found in zip((*documents, *paged), read(program, (*documents, *paged)), strict=True):
        assert found is not None, document
        expected = {key: document.get(key) for key in READ}
        assert found["descriptor"] == {**expected, "index": {"monolith": document["index"]["monolith"]}}
        assert found["hasPage"] == from_document(document, where="channel.json").has_page
    [found] = read(program, [earlier])
    assert found is not None
    assert found["descriptor"]["index"] == {"monolith": "each-commit"}


def test_what_chaninfra_refuses_is_refused(program: Path) -> None:
    base = to_document(descriptor("my-channel", public_url="https://packages.example.com/my-channel"))
    documents = [{**base, key: odd} for key, odd in product(READ, ODD)]
    documents += [{each: base[each] for each in base if each != key} for key in READ]
    documents += [{**base, "bucket": bucket, "url": f"s3://{bucket}/my-channel"} for bucket in ODD]
    documents += [{**base, "prefix": prefix, "url": f"s3://my-bucket/{prefix}"} for prefix in ODD]
    documents += [{**base, "version": version} for version in (1, 2, 3, 10**9)]
    found = read(program, documents)
    wrong = [
        (json.dumps(each), seen is not None)
        for each, seen in zip(documents, found, strict=True)
        if accepted(each) != (seen is not None)
    ]
    assert not wrong, wrong[0]
    assert 20 < sum(each is not None for each in found) < len(documents) / 2
