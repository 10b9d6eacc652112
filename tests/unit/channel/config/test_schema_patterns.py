"""The patterns of the schemas: no value passes that a policy, a terminal or a shell would read as something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from chaninfra.channel.config.schema import NAMES, STACK_CONFIG, load, validate
from chaninfra.channel.config.stack import SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError

# Where `*` is documented: it stands for any part of a ref, of a web page's origin, or of a version or build.
WILDCARDS = {"branch", "tag", "ref", "workflow", "cors-origins", "match", "never", "specs", "exclude"}
# Secrets are values of the store, and no policy or page holds them. `rotate` is only compared with what it was.
FREE = {*SECRET_KEYS, "rotate"}
HOSTILE = ["\n", "\r\n", "\x00", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u202e", "?", "${x}", "*"]


def strings(part: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(nearest key, schema) of each string in a schema; a name that the user chose counts as its mapping's key."""
    if isinstance(part, list):
        for item in part:
            yield from strings(item, key)
    if not isinstance(part, dict):
        return
    if part.get("type") == "string" and "enum" not in part and "const" not in part:
        yield key, part
    for name, value in part.items():
        if name in ("properties", "$defs"):
            for below, schema in value.items():
                yield from strings(schema, below.removeprefix("chaninfra:"))
        elif name == "propertyNames" and "pattern" in value:
            yield key, value
        elif name in ("items", "additionalProperties", "anyOf", "prefixItems"):
            yield from strings(value, key)


# `provider` of the stack config has an enum beside its type; the keys below `config` are those of any project.
STRINGS = {
    f"{name}-{key}-{number}": (key, schema)
    for name in NAMES
    for number, (key, schema) in enumerate(strings(load(name)))
    if key != "config" and not (name == "stack-config" and key == "provider")
}


@pytest.mark.parametrize("case", STRINGS)
def test_every_string_has_a_pattern_that_ends_with_the_value(case: str) -> None:
    key, schema = STRINGS[case]
    if key in FREE:
        return
    assert "pattern" in schema, key
    # `$` alone matches before a last line break in Python. In ECMAScript, which editors use, it does not.
    assert re.fullmatch(r"\^\(\?:.*\)\$\(\?!\\n\)", schema["pattern"]), schema["pattern"]


ROLE = "arn:aws:iam::123456789012:role/ci/builder"
GOOD: dict[str, list[str]] = {
    "name": ["my-channel", "A.b_c"],
    "prefix": ["", "main", "team/stable", "_a/-b.c"],
    "public-url": ["https://conda.example.com", "https://x.example.com:8443/a%20b/main"],
    "publishers": ["ci"],
    "readers": ["people"],
    "maintainers": ["keepers"],
    "promoters": ["release"],
    "from": ["s3://acme-staging", "s3://acme-staging/main"],
    "provider": ["minio"],
    "bucket": ["my-bucket", "my.bucket"],
    "region": ["eu-central-1", "auto"],
    "endpoint-url": ["https://minio.example.com", "http://[::1]:9000", "http://127.0.0.1:9000"],
    "admin-url": ["https://garage.example.com", "http://[::1]:3903", "http://127.0.0.1:3903"],
    "account-id": ["0123456789abcdef0123456789abcdef"],
    "jurisdiction": ["eu"],
    "location": ["fsn1"],
    "profile": ["my profile"],
    "access-key-id": ["AKIAIOSFODNN7EXAMPLE", "[secret]"],
    "cors-origins": ["*", "https://docs.example.com", "https://*.example.com:8443", "http://[::1]:8080"],
    "tags": ["team", "cost center/2:x=y+z-@", "日本", ""],
    "channels": ["stable"],
    "retention": ["nightlies"],
    "match": ["my-package", "my-package >=2.0.dev0,<3", "my-package 1.* py*_0", "noarch/a-1-0.conda"],
    "never": ["my-package ==1.0 h0_0", "my-package[build_number=100]"],
    "older-than": ["1d", "30d", "3650d"],
    "grace": ["14d", "3000d"],
    "mirrors": ["forge"],
    "source": [
        "s3://my-bucket/my-channel",
        "https://conda.anaconda.org/acme/label/dev",
        "http://[::1]:8080/a/",
        "http://localhost/a",
    ],
    "specs": ["numpy >=2,<3", "python 3.13.* *_cp313"],
    "locks": ["pixi.lock", "locks/conda-lock.yml"],
    "exclude": ["pytorch[build=*cuda*]"],
    "rate": ["1kB", "20MB", "9999GB"],
    "snapshots": ["2026-11", "release_4", "V1"],
    "at": ["2026-11-01T12:00:00Z"],
    "created": ["2026-11-01T12:00:00Z"],
    "revision": ["3f2a9c0d4e5b6a798081", "first"],
    "every": ["1h", "12h", "720h", "1d", "30d"],
    "at-most-every": ["10s", "604800s", "10m", "6h", "7d"],
    "target": ["arn:minio:sqs::chaninfra:webhook", "arn:rustfs:sqs:us-east-1:a:webhook", "arn:aws:sns:default::a"],
    "cache-control": ["max-age=300, must-revalidate"],
    "arn": ["123456789012", ROLE, "arn:aws-cn:iam::123456789012:user/a", "arn:aws:iam::123456789012:root"],
    "repository": ["acme/packages", "mona_octo/a.b"],
    "branch": ["main", "release/1.x", "grün"],
    "tag": ["v1.0"],
    "ref": ["refs/heads/main"],
    "environment": ["Production:V1 (eu)"],
    "workflow": ["acme/ci/.github/workflows/publish.yml@refs/heads/main"],
    "owner-id": ["1234567"],
    "repository-id": ["123456789"],
    "audience": ["sts.amazonaws.com", "https://gitlab.example.com"],
    "project": ["acme/sub/pkgs"],
    "host": ["gitlab.example.com", "example.com/gitlab"],
    "issuer": ["https://idp.example.com/realms/a"],
    "subject": ["system:builder:prod"],
    "organization-id": ["o-a1b2c3d4e5"],
    "kms-key-arn": ["arn:aws:kms:eu-central-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"],
    "log-bucket": ["my-logs"],
    "log-prefix": ["", "conda/"],
    "vpc-endpoints": ["vpce-0123456789abcdef0"],
    "alarm-topic": ["arn:aws:sns:eu-central-1:123456789012:on-call"],
    "subnet-ids": ["subnet-0123456789abcdef0"],
    "security-group-ids": ["sg-0123456789abcdef0"],
    "existing-oidc-providers": ["https://token.actions.githubusercontent.com"],
    "name-prefix": ["", "conda-"],
    "path": ["/", "/conda/a/"],
    "permissions-boundary": ["arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"],
    "domain": ["conda.example.com"],
    "certificate-arn": ["arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab"],
    "secure": ["v1:bm9uY2U=:dGV4dA=="],
    "url": ["s3://my-bucket/my-channel", "s3://My_Bucket"],
    "id": ["E2EXAMPLE"],
    "kind": ["github"],
    "role-arn": [ROLE, "arn:minio:iam:::role/a-b_c"],
    "": ["main"],
}
PATTERNS = {case: (key, schema) for case, (key, schema) in STRINGS.items() if "pattern" in schema}


@pytest.mark.parametrize("case", PATTERNS)
def test_no_pattern_accepts_what_is_hostile(case: str) -> None:
    key, schema = PATTERNS[case]
    hostile = [each for each in HOSTILE if not (each == "*" and key in WILDCARDS)]
    accepted = [good for good in GOOD[key] if accepts(schema, good)]
    assert accepted
    for good in accepted:
        for text in hostile:
            for put in (good + text, text + good, good[:1] + text + good[1:]):
                assert not accepts(schema, put), put


def accepts(schema: dict[str, Any], value: str) -> bool:
    """Whether the pattern does, by the validator of the schema and by the library of the models, which must agree."""
    by_schema = bool(Draft202012Validator({"pattern": schema["pattern"]}).is_valid(value))
    try:
        msgspec.convert(value, Annotated[str, msgspec.Meta(pattern=schema["pattern"])])
    except msgspec.ValidationError:
        assert not by_schema
        return False
    assert by_schema
    return True


DESCRIPTOR = {
    "name": "main",
    "provider": "minio",
    "bucket": "my-bucket",
    "prefix": "main",
    "url": "s3://my-bucket/main",
    "endpoint-url": "https://minio.example.com",
    "region": "us-east-1",
    "force-path-style": True,
    "visibility": "private",
    "auth": "pixi",
    "subdirs": ["noarch"],
}


@pytest.mark.parametrize(
    ("name", "part", "document"),
    [
        ("channel", None, {"prefix": "*"}),
        ("channel", None, {"name": "a\x1b[2J"}),
        ("channel", None, {"cdn": {"kind": "cloudfront", "id": "*"}}),
        ("access", None, {"main": {"readers": {"x": {"kind": "arn", "arn": "arn:aws:iam::123456789012:role/*"}}}}),
        ("access", None, {"main": {"readers": {"x": {"kind": "github", "role-arn": "arn:*"}}}}),
        ("stack-config", "config", {"aws": {"kms-key-arn": "arn:aws:kms:eu-central-1:123456789012:key/*"}}),
        ("stack-config", "config", {"readers": {"x": {"arn": "arn:aws:iam::123456789012:user/*"}}}),
        ("stack-config", "config", {"aws": {"roles": {"permissions-boundary": "arn:aws:iam::aws:policy/*"}}}),
        ("stack-config", "config", {"aws": {"roles": {"path": f"/{'a' * 511}/"}}}),
        ("stack-config", "config", {"cors-origins": ["https://*.example.*"]}),
        ("stack-config", "config", {"tags": {"aws:team": "x"}}),
        ("stack-config", "config", {"tags": {f"k{number}": "" for number in range(51)}}),
        ("stack-config", "config", {"tags": {"k" * 129: ""}}),
        ("stack-config", "config", {"tags": {"k": "v" * 257}}),
    ],
)
def test_a_value_that_iam_would_read_otherwise_is_refused(name: str, part: str | None, document: Any) -> None:
    base = {"channel": DESCRIPTOR, "stack-config": {"bucket": "my-bucket"}, "access": {}}[name]
    validate(base, name, where="here", part=part)
    with pytest.raises(ConfigurationError) as caught:
        validate({**base, **document}, name, where="here", part=part)
    assert "is missing" not in caught.value.message
    assert "\x1b" not in str(caught.value)


def test_an_error_names_the_mark_that_makes_the_value_invalid() -> None:
    wrong = {"*": "has a wildcard", "${x}": "has a variable of policies", "\n": "has a control character"}
    for text, words in wrong.items():
        with pytest.raises(ConfigurationError) as caught:
            validate({"bucket": "b-1", "prefix": f"a{text}"}, STACK_CONFIG, where="here", part="config")
        assert caught.value.key == ("prefix",)
        assert words in caught.value.message
