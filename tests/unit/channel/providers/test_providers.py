"""The rows of PROVIDERS are complete, have sources, and do not contradict themselves."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from chaninfra.channel import patterns
from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.follow_steps import target_id
from chaninfra.channel.providers import PROVIDERS, model, templates
from chaninfra.channel.providers.model import AT_ADMIN_URL, CAPABILITIES, UNVERIFIED, Capability, Provider, Source
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.locate import locate, provider_row
from chaninfra.cli.app import app
from support.cases.store_cases import NEEDED, PUBLIC

ROWS = [pytest.param(row, id=row.name) for row in PROVIDERS.values()]
# The stores in pixi's documentation, and the two servers that the tests run.
VERIFIED = ("aws", "minio", "r2", "wasabi", "b2", "gcs", "hetzner", "versitygw")


def spec(name: str, **keys: Any) -> Any:
    return build_spec({"provider": name, "bucket": "my-bucket", **NEEDED[name], **keys}, where="stack.yaml")


def test_there_is_a_row_for_each_store() -> None:
    assert set(PROVIDERS) == set(NEEDED) == set(PUBLIC)
    assert all(name == row.name for name, row in PROVIDERS.items())


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_every_capability_and_every_fact_has_a_source(row: Provider) -> None:
    assert set(row.capabilities) == set(CAPABILITIES) == set(get_args(Capability))
    for name, fact in row.facts().items():
        assert fact.sources, name
        assert all(source.title.strip() for source in fact.sources), name
        assert fact.note is None or fact.note.strip(), name
        assert fact.value != "unknown" or fact.cited == UNVERIFIED, name


def test_a_source_is_a_title_and_the_https_url_of_a_page_and_one_page_has_one_title() -> None:
    sources = {source for row in PROVIDERS.values() for fact in row.facts().values() for source in fact.sources}
    titles = {source.title: source for source in sources}
    pages = {source.url: source for source in sources if source.url is not None}
    assert len(titles) == len(sources)
    assert len(pages) == len([source for source in sources if source.url is not None]) > 20
    assert all(url.startswith("https://") for url in pages)
    assert model.Fact("yes", (Source("a page"), Source("a test"))).source == "a page; a test"


@pytest.mark.parametrize("name", VERIFIED)
def test_stores_in_pixis_documentation_and_versitygw_have_no_unverified_fact(name: str) -> None:
    unverified = [column for column, fact in PROVIDERS[name].facts().items() if fact.cited == UNVERIFIED]
    # "unknown" claims nothing: nobody has tried these on all of the stores yet.
    facts = PROVIDERS[name].facts()
    open_ones = ("version-rights", "index-document", "settings-changes", "conditional-copy")
    assert unverified == [each for each in open_ones if facts[each].value == "unknown"]


@pytest.mark.parametrize("row", ROWS)
def test_every_value_is_valid_for_its_column(row: Provider) -> None:
    columns = {
        "addressing": model.Addressing,
        "scheme": model.Scheme,
        "location-constraint": model.LocationConstraint,
        "checksums": model.Checksums,
        "digest": model.Digest,
        "public": model.PublicWay,
        "keys": model.KeyWay,
        "oidc": model.OidcWay,
        "etags": model.EtagForm,
        "version-rights": model.VersionRights,
        "notification-change": model.NotificationChange,
        "policy-place": model.PolicyPlace,
        "object-owner": model.ObjectOwner,
        "index-document": model.Support,
        "settings-changes": model.SettingsChanges,
        **dict.fromkeys(CAPABILITIES, model.Support),
    }
    facts = row.facts()
    assert set(facts) == {"endpoint", "region", "public-url", *columns}
    for column, values in columns.items():
        assert facts[column].value in get_args(values), column


@pytest.mark.parametrize("row", ROWS)
def test_a_row_does_not_contradict_itself(row: Provider) -> None:
    can = row.can
    assert row.public.value != "bucket-policy" or can("bucket-policy")
    assert row.public.value != "acl" or can("acl")
    # There is no conditional write in a versioned bucket without versioning, nor without conditional writes.
    assert can("versioning") or row.capabilities["conditional-versioned"].value == "no" or row.name == "custom"
    assert can("conditional-create") or not can("conditional-versioned")
    assert can("conditional-create") or not can("conditional-multipart")
    assert can("versioning") or not can("conditional-recreate")
    assert (row.backend == "aws") == (row.keys.value == "aws-iam") == (row.oidc.value == "aws-iam")


@pytest.mark.parametrize("row", ROWS)
def test_every_step_by_hand_has_instructions(row: Provider) -> None:
    assert bool(row.by_hand.public) == (row.public.value == "by-hand")
    assert not row.by_hand.key or row.keys.value in {"by-hand", *AT_ADMIN_URL}
    assert row.by_hand.key or row.keys.value not in AT_ADMIN_URL
    assert set(row.by_hand.key) in (set(), {*ROLES})
    known = {"bucket", "prefix", "endpoint-url", "region", "public-host", "user", "rights"}
    steps = [*row.by_hand.bucket, *row.by_hand.public, *(step for steps in row.by_hand.key.values() for step in steps)]
    assert {name for step in steps for name in templates.names(step)} <= known
    assert all(set(templates.needed(step)) <= known - {"prefix"} for step in steps), "a channel may have no prefix"
    assert not row.by_hand.bucket or row.by_hand.public or row.by_hand.key
    for step in steps:
        # The values come quoted; quotes around them would undo that, and in a comment they mean nothing.
        assert "{" not in step.partition(" #")[2]
        assert not any("{" in part for part in re.findall(r"'[^']*'|\"[^\"]*\"", step))


@pytest.mark.parametrize("row", [row for row in PROVIDERS.values() if row.events is not None], ids=lambda row: row.name)
def test_the_settings_for_events_have_no_secret_and_a_target_only_where_the_bucket_can_name_it(row: Provider) -> None:
    events = row.events
    assert events is not None
    known = {"bucket", "endpoint-url", "region", "target-id", "port"}
    assert {name for line in events.settings for name in templates.names(line)} <= known
    assert any("SECRET" in line for line in events.settings)
    assert any("http://" in line and "127.0.0.1:{port}/" in line for line in events.settings)
    assert (events.target is not None) == row.can("notifications")
    if events.target is not None:
        arn = templates.fill(events.target, {"target-id": "chaninfra", "region": "us-east-1"})
        assert re.search(patterns.EVENT_TARGET, arn)
        assert target_id(arn) == "chaninfra"
        assert any("{target-id}" in line for line in events.settings)


@pytest.mark.parametrize("row", ROWS)
def test_an_endpoint_is_filled_if_and_only_if_every_required_value_is_given(row: Provider) -> None:
    values = {name: NEEDED[row.name].get(name, row.region.value or "x") for name in row.needed}
    if row.endpoint.value is None:
        assert row.endpoint_url({"region": "x"}) is None
        return
    filled = row.endpoint_url(values)
    assert filled is not None
    assert filled.startswith("https://")
    assert not set("{}[]") & set(filled)
    for name in row.needed:
        assert row.endpoint_url({key: value for key, value in values.items() if key != name}) is None


@pytest.mark.parametrize("row", ROWS)
def test_the_variables_of_an_endpoint_are_keys_of_the_stack_config(row: Provider) -> None:
    assert set(row.variables) <= set(load(STACK_CONFIG)["$defs"]["config"]["properties"])


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("path_style", [True, False, None])
def test_the_public_url_of_a_channel(row: Provider, path_style: bool | None) -> None:
    url = PUBLIC[row.name]
    given = {} if url else {"public-url": "https://conda.example.com/main/"}
    if path_style is not None:
        given["force-path-style"] = path_style  # type: ignore[assignment]
    (channel,) = spec(row.name, prefix="main", visibility="public", **given).channels
    if path_style is None:
        assert channel.public_url == (url or "https://conda.example.com/main")
    elif url:
        assert ("/my-bucket/" in channel.public_url) == path_style
        assert channel.public_url.endswith("/main")


@pytest.mark.parametrize("row", ROWS)
def test_the_config_overrides_the_row(row: Provider) -> None:
    location = spec(row.name, **{"region": "auto", "endpoint-url": "https://x.example.com"}).bucket.location
    assert (location.region, location.endpoint_url) == ("auto", "https://x.example.com")
    assert location.force_path_style == (row.addressing.value == "path")


@given(st.sampled_from([*PROVIDERS.values()]), st.from_regex(r"[a-z][a-z0-9]{1,9}(-[a-z0-9]{1,5})?", fullmatch=True))
def test_a_bucket_url_contains_the_bucket_and_the_endpoint(row: Provider, bucket: str) -> None:
    endpoint = row.endpoint_url(dict.fromkeys(row.variables, "x1")) or "https://s3.example.com"
    location = locate(row, bucket, where="x", endpoint_url=endpoint, region="x1")
    host = endpoint.removeprefix("https://")
    assert location.bucket_url in (f"https://{host}/{bucket}", f"https://{bucket}.{host}")


@pytest.mark.parametrize("row", ROWS)
def test_one_row_is_printed_with_the_source_of_each_fact(row: Provider) -> None:
    said = CliRunner().invoke(app, ["providers", row.name]).stdout
    sources = dict(line.removeprefix("[").split("] ", 1) for line in said.splitlines() if line.startswith("["))
    facts = row.facts()
    for column, fact in facts.items():
        (line,) = (line for line in said.splitlines() if line.startswith(f"{column} "))
        assert sources[line.rsplit("[", 1)[1].removesuffix("]")] == fact.source
        assert str(fact.value or "(required)") in line
    assert set(sources.values()) == {fact.source for fact in facts.values()}
    assert max(map(len, said.splitlines())) <= 120
    assert "\x1b" not in said


def test_all_rows_are_printed() -> None:
    said = CliRunner().invoke(app, ["providers"]).stdout.splitlines()
    assert [line.split()[0] for line in said] == ["NAME", *PROVIDERS]
    assert max(map(len, said)) <= 120


def test_rows_are_printed_as_json() -> None:
    documents = json.loads(CliRunner().invoke(app, ["providers", "--json"]).stdout)
    assert [document["name"] for document in documents] == [*PROVIDERS]
    one = json.loads(CliRunner().invoke(app, ["providers", "hetzner", "--json"]).stdout)
    assert one in documents
    assert one["conditional-multipart"] == {
        "value": "no",
        "source": PROVIDERS["hetzner"].capabilities["conditional-multipart"].source,
        "note": "the header is ignored, and the object is overwritten",
        "ground": "documented",
    }


def test_the_error_for_an_unknown_store_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as caught:
        provider_row("wasabbi", None, "providers")
    assert "wasabi" in (caught.value.remedy or "")
