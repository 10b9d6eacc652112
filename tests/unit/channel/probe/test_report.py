"""The findings of a probe: each difference from the table of providers or the channel's settings, with a remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.outputs.descriptor import DescribedIndex, Descriptor
from chaninfra.channel.probe.finding import CheckResult
from chaninfra.channel.probe.probe import ProbeResult
from chaninfra.channel.probe.report import believed, report
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Fact, Provider, Source
from support.channels.channels import descriptor

FOUND = ProbeResult(
    region="us-east-1",
    refused_region=None,
    reported_region=None,
    addressing=("path",),
    create="honoured",
    replace="honoured",
    multipart="honoured",
    copy="honoured",
    etags="quoted",
    versioned=False,
    recreate=None,
    checksums="accepted",
    digest="checksum",
    listing="at-once",
    missing=404,
    missing_anonymous=403,
    swept=0,
    keeps_versions=False,
    keeps_uploads=False,
)
TEST = Source("a test")
CHANNEL = descriptor("c")
PUBLIC = structs.replace(CHANNEL, visibility="public", public_url="https://minio.example.com/my-bucket/c")
SINGLE = structs.replace(CHANNEL, index=DescribedIndex(writers="single"))


def row(**facts: Any) -> Provider:
    """The facts about MinIO, with some changed."""
    base = PROVIDERS["minio"]
    capabilities = {
        **base.capabilities,
        **{name: Fact("yes", TEST) for name in base.capabilities if name.startswith("conditional-")},
        **facts.pop("capabilities", {}),
    }
    given = {name: Fact(value, TEST) for name, value in facts.items()}
    return replace(base, capabilities=capabilities, **given)


def result(
    found: ProbeResult, name: str, descriptor: Descriptor = CHANNEL, provider: Provider | None = None
) -> CheckResult:
    return next(each for each in report(found, provider or row(), descriptor) if each.name == name)


def test_a_store_that_supports_everything_is_ok() -> None:
    results = report(FOUND, row(), CHANNEL)
    assert {each.state for each in results} == {"ok"}
    assert {each.remedy for each in results} == {None}
    assert len({each.name for each in results}) == len(results)


@pytest.mark.parametrize(
    ("name", "change", "descriptor", "state", "says", "remedy"),
    [
        ("region", {"refused_region": "eu-1"}, CHANNEL, "failed", "refuses 'eu-1'", "set `region` to us-east-1"),
        ("region", {"reported_region": "WEUR"}, CHANNEL, "ok", "the store reports 'WEUR'", None),
        (
            "addressing",
            {"addressing": ("virtual-host",)},
            CHANNEL,
            "failed",
            "path does not work, virtual-host does",
            "set `force-path-style` to false",
        ),
        (
            "conditional-create",
            {"create": "ignored"},
            CHANNEL,
            "failed",
            "the provider table says `yes` for minio",
            "to single",
        ),
        ("conditional-create", {"create": "unsupported"}, SINGLE, "warning", "one writer at a time, as declared", None),
        (
            "conditional-replace",
            {"replace": "unsupported"},
            CHANNEL,
            "failed",
            "rejects writes with this condition",
            "to single",
        ),
        ("conditional-replace", {"replace": "not-atomic"}, CHANNEL, "failed", "not atomic", "to single"),
        (
            "conditional-replace",
            {"replace": "not-atomic"},
            SINGLE,
            "warning",
            "one writer at a time, as declared",
            None,
        ),
        ("conditional-multipart", {"multipart": "ignored"}, CHANNEL, "warning", "in one PUT", None),
        ("conditional-multipart", {"multipart": "not-atomic"}, CHANNEL, "warning", "in one PUT", None),
        (
            "conditional-multipart",
            {"create": "ignored", "multipart": "ignored"},
            CHANNEL,
            "failed",
            "two writers could overwrite",
            "to single",
        ),
        ("deletion", {"digest": None}, CHANNEL, "warning", "DeleteObjects (bulk deletion) is not supported", None),
        ("list-after-write", {"listing": "late"}, CHANNEL, "warning", "does not show a new object at once", "reindex"),
        ("missing-key", {"missing": 403}, CHANNEL, "failed", "403 for a key", "s3:ListBucket"),
        ("missing-key-anonymous", {"missing_anonymous": 403}, PUBLIC, "failed", "403 for a key", "s3:ListBucket"),
        ("missing-key-anonymous", {"missing_anonymous": None}, PUBLIC, "failed", "was not answered", "s3:ListBucket"),
        ("missing-key-anonymous", {"missing_anonymous": 404}, PUBLIC, "ok", "404 for a key", None),
        ("scratch", {"swept": 3}, CHANNEL, "ok", "3 scratch objects of an earlier probe were deleted", None),
        ("scratch", {"keeps_versions": True}, CHANNEL, "warning", "keeps old versions", "s3:DeleteObjectVersion"),
        ("scratch", {"keeps_uploads": True}, CHANNEL, "warning", "were left open", "s3:AbortMultipartUpload"),
    ],
)
def test_each_difference_is_reported(
    name: str, change: dict[str, Any], descriptor: Descriptor, state: str, says: str, remedy: str | None
) -> None:
    found = result(structs.replace(FOUND, **change), name, descriptor)
    assert found.state == state
    assert says in found.found
    assert (remedy or "") in (found.remedy or "")
    assert (remedy is None) == (found.remedy is None)


@pytest.mark.parametrize(("said", "state"), [("when_required", "ok"), ("when_supported", "failed")])
def test_rejected_checksums_are_a_failure_unless_the_providers_table_expects_them(said: str, state: str) -> None:
    found = result(structs.replace(FOUND, checksums="rejected"), "checksums", provider=row(checksums=said))
    assert found.state == state
    assert (f"the provider table says `{said}` for minio, please report" in found.found) == (state == "failed")
    assert ("set `provider` to custom" in (found.remedy or "")) == (state == "failed")
    assert "AWS_REQUEST_CHECKSUM_CALCULATION" in (found.remedy or "")


@pytest.mark.parametrize(("said", "state"), [("content-md5", "ok"), ("checksum", "warning")])
def test_required_content_md5_is_a_warning_unless_the_providers_table_expects_it(said: str, state: str) -> None:
    assert result(structs.replace(FOUND, digest="content-md5"), "deletion", provider=row(digest=said)).state == state


@pytest.mark.parametrize(
    ("versioned", "denied", "says", "lost"),
    [
        (False, "conditional-create", "says no for conditional-create", {"create"}),
        (False, "conditional-multipart", "says no for conditional-multipart", {"multipart"}),
        (True, "conditional-versioned", "says no for conditional-versioned", {"create", "replace", "multipart"}),
        (False, "conditional-versioned", "honoured", set()),
    ],
)
def test_what_the_table_denies_is_not_believed_of_a_probe(
    versioned: bool, denied: str, says: str, lost: set[str]
) -> None:
    less = row(capabilities={denied: Fact("no", TEST)})
    found = believed(structs.replace(FOUND, versioned=versioned), less)
    assert {name for name in ("create", "replace", "multipart") if getattr(found, name) == "not-believed"} == lost
    writes = found.conditional_writes
    assert {name for name in ("create", "replace", "multipart") if not getattr(writes, name)} == lost
    name = denied if denied != "conditional-versioned" else "conditional-create"
    finding = result(found, name, provider=less)
    assert says in finding.found
    assert finding.state == ("ok" if not lost else "warning" if lost == {"multipart"} else "failed")


def test_what_a_store_does_wrong_is_believed_whatever_the_table_says() -> None:
    wrong = structs.replace(FOUND, create="not-atomic", replace="ignored", multipart="unsupported", copy="ignored")
    less = row(capabilities={"conditional-create": Fact("no", TEST)})
    assert believed(wrong, row()) == wrong
    assert believed(wrong, less) == wrong


def test_the_endpoint_says_nothing_about_readers_on_another_domain() -> None:
    elsewhere = structs.replace(PUBLIC, public_url="https://conda.example.com/c")
    assert result(FOUND, "missing-key-anonymous", elsewhere).state == "ok"


def test_honoured_conditional_writes_are_recorded() -> None:
    found = structs.replace(FOUND, replace="ignored", multipart="unsupported")
    assert found.conditional_writes == ConditionalWrites(create=True, replace=False, multipart=False, copy=True)


@pytest.mark.parametrize(
    ("found", "says", "state", "words"),
    [
        (None, "yes", None, ""),
        ("done", "yes", "ok", "an object that was deleted can be created again"),
        ("done", "no", "ok", "the provider table says `no` for minio, please report"),
        ("refused", "no", "warning", "what was deleted cannot be created again"),
        ("refused", "yes", "warning", "the provider table says `yes` for minio, please report"),
        ("refused", "unknown", "warning", "the store takes its delete marker for an object"),
    ],
)
def test_creation_after_deletion(found: Any, says: str, state: str | None, words: str) -> None:
    provider = row(capabilities={"conditional-recreate": Fact(says, TEST)})
    lines = report(structs.replace(FOUND, recreate=found), provider, CHANNEL)
    seen = [each for each in lines if each.name == "conditional-recreate"]
    assert [each.state for each in seen] == ([state] if state else [])
    assert all(words in each.found for each in seen)
    assert all(bool(each.remedy) == (state == "warning") for each in seen)


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        ("quoted", "quoted", "honoured"),
        ("unquoted", "unquoted", "honoured, without the quotes of the ETag"),
        ("quoted", "unquoted", "with the quotes of the ETag; the provider table says `unquoted` for minio"),
        ("unquoted", "quoted", "without the quotes of the ETag; the provider table says `quoted` for minio"),
    ],
)
def test_the_form_of_the_etag(found: Any, expected: str, words: str) -> None:
    probed = structs.replace(FOUND, etags=found)
    line = result(probed, "conditional-replace", provider=row(etags=expected))
    assert line.state == "ok"
    assert line.found.endswith(words) or words in line.found
    assert probed.conditional_writes.etags == found


def test_the_form_of_the_etag_is_no_surprise_where_nothing_is_known() -> None:
    found = result(structs.replace(FOUND, etags="unquoted"), "conditional-replace", provider=PROVIDERS["custom"])
    assert found.found == "honoured, without the quotes of the ETag"
