"""Which servers a channel by https may lead to."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.copy.sources.web_origin import Kind, Origin, Reach, kind_of, origin_of, public_url

CHANNEL = Origin("https", "conda.example", 443)
OTHER = Origin("https", "cdn.example", 443)
REACH = Reach(source=CHANNEL)
FOLDER = "https://conda.example/t/a-token/main/noarch/"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://Conda.Example/x", "https://conda.example"),
        ("https://conda.example:443", "https://conda.example"),
        ("HTTPS://conda.example.:8443/", "https://conda.example:8443"),
        ("http://conda.example", "http://conda.example"),
        ("http://[::1]:9000/x", "http://[::1]:9000"),
    ],
)
def test_an_origin(url: str, text: str) -> None:
    assert str(origin_of(url)) == text


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://conda.example/",
        "conda.example/x",
        "https://",
        "https:///x",
        "https://user:secret@conda.example/x",
        "https://conda.example@evil.example/x",
        "https://conda.example\\@evil.example/x",
        "https://conda.example\n.evil.example/",
        "https://conda.exämple/",
        "https://a..b/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 127}example/",
        "https://conda.example:99999/",
        "https://conda.example:x/",
        "https://[::1/",
        "",
    ],
)
def test_what_is_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin_of(url)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("0.0.0.0", "loopback"),  # noqa: S104 (an address)
        ("::1", "loopback"),
        ("::", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("::ffff:0:127.0.0.1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("169.254.169.254", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("168.63.129.16", "link-local"),
        ("192.0.0.192", "link-local"),
        ("100.100.100.200", "link-local"),
        ("fd00:ec2::254", "link-local"),
        ("::ffff:168.63.129.16", "link-local"),
        ("::169.254.169.254", "link-local"),
        ("64:ff9b:1::a9fe:a9fe", "link-local"),
        ("64:ff9b:1:a9fe:a9:fe00::", "link-local"),
        ("::ffff:0:169.254.169.254", "link-local"),
        ("10.1.1.1", "private"),
        ("192.168.0.1", "private"),
        ("100.100.100.201", "private"),
        ("fd00:ec2::255", "private"),
        ("fec0::1", "private"),
        ("::ffff:0:10.1.1.1", "private"),
        ("224.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("8.8.8.8", "public"),
        ("2606:4700::1111", "public"),
    ],
)
def test_the_kind_of_an_address(address: str, kind: Kind) -> None:
    assert kind_of(address) == kind


def test_a_reference_stays_on_the_server_of_the_source() -> None:
    at = "https://conda.example"
    assert REACH.referred(FOLDER, "a-1-0.conda") == f"{FOLDER}a-1-0.conda"
    assert REACH.referred(FOLDER, "./shards/0.msgpack.zst") == f"{FOLDER}shards/0.msgpack.zst"
    assert REACH.referred(FOLDER, "../../v1/noarch/a-1-0.conda") == f"{at}/t/a-token/v1/noarch/a-1-0.conda"
    assert REACH.referred(FOLDER, "/pool/a-1!2+3-0.conda") == f"{at}/pool/a-1!2%2B3-0.conda"
    assert REACH.referred(FOLDER, "https://conda.example:443/pool/a b") == f"{at}:443/pool/a%20b"


@pytest.mark.parametrize(
    "reference",
    ["file:///etc/passwd", "//[::1", "https://u:p@conda.example/x", "x?y", "x#y", "a\\b", "s3://bucket/x", "http:///x"],
)
def test_a_reference_to_something_else_is_refused(reference: str) -> None:
    with pytest.raises(ConfigurationError, match="is not read"):
        REACH.referred(FOLDER, reference)


@pytest.mark.parametrize(
    "reference",
    [
        "https://cdn.example/x",
        "//cdn.example/x",
        "https://conda.example:8443/x",
        "http://conda.example/x",
        "http://127.0.0.1/x",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_a_reference_to_another_server_is_refused_unless_the_user_allows_it(reference: str) -> None:
    with pytest.raises(ConfigurationError, match="another server") as error:
        REACH.referred(FOLDER, reference)
    assert "a-token" not in str(error.value)
    assert error.value.remedy is not None
    option, _, url = error.value.remedy.rpartition(" ")
    assert option.endswith("--allow-origin")
    allowed = Reach(source=CHANNEL, allowed=frozenset({origin_of(url)}))
    assert allowed.referred(FOLDER, reference).endswith(reference.removeprefix("https:"))


def test_a_redirect_may_lead_to_another_server_and_not_away_from_https() -> None:
    at = f"{FOLDER}a-1-0.conda"
    assert REACH.redirected(at, "../x#y") == "https://conda.example/t/a-token/main/x"
    assert REACH.redirected(at, "https://cdn.example/x?signature=1") == "https://cdn.example/x?signature=1"
    with pytest.raises(ConfigurationError, match="by plain http") as error:
        REACH.redirected(at, "http://cdn.example/t/b-token/x?signature=a-secret")
    assert "a-token" not in str(error.value)
    assert "b-token" not in str(error.value)
    assert "a-secret" not in str(error.value)
    plain = Origin("http", "cdn.example", 80)
    assert Reach(source=CHANNEL, allowed=frozenset({plain})).redirected(at, "http://cdn.example/x")
    for to in ("file:///etc/passwd", "ftp://cdn.example/x", "https://u:a-secret@cdn.example/", "//[x"):
        with pytest.raises(ConfigurationError, match="not followed") as error:
            REACH.redirected(at, to)
        assert "a-secret" not in str(error.value)


NAMED = Origin("https", "10.1.1.1", 443)
LOCAL = Origin("http", "localhost", 8000)
METADATA = Origin("http", "169.254.169.254", 80)


@pytest.mark.parametrize(
    ("source", "origin", "kind", "source_kind", "is_allowed"),
    [
        # A redirect goes to public servers, and to those that are where the source is.
        (CHANNEL, OTHER, "public", "public", True),
        (CHANNEL, OTHER, "private", "public", False),
        (CHANNEL, OTHER, "loopback", "public", False),
        (CHANNEL, OTHER, "link-local", "public", False),
        (CHANNEL, OTHER, "private", "private", True),
        (CHANNEL, OTHER, "loopback", "private", False),
        (LOCAL, OTHER, "loopback", "loopback", True),
        (LOCAL, OTHER, "private", "loopback", False),
        (METADATA, OTHER, "link-local", "link-local", False),
        # The source itself may be in a private network, and does not become so meanwhile.
        (CHANNEL, CHANNEL, "private", None, True),
        (CHANNEL, CHANNEL, "private", "private", True),
        (CHANNEL, CHANNEL, "private", "public", False),
        (CHANNEL, CHANNEL, "loopback", None, False),
        (CHANNEL, CHANNEL, "link-local", None, False),
        # Whoever names an address means it.
        (NAMED, NAMED, "private", None, True),
        (LOCAL, LOCAL, "loopback", None, True),
        (METADATA, METADATA, "link-local", None, True),
    ],
)
def test_the_addresses_that_are_connected_to(
    source: Origin, origin: Origin, kind: Kind, source_kind: Kind | None, is_allowed: bool
) -> None:
    refusal = Reach(source=source).refusal(origin, kind, source_kind)
    assert (refusal is None) == is_allowed
    allowed = Reach(source=source, allowed=frozenset({origin}))
    assert allowed.refusal(origin, kind, source_kind) is None


def test_a_url_for_messages() -> None:
    url = "https://u:a-secret@conda.example/t/a-token/main?sig=a-secret#x"
    assert public_url(url) == "https://conda.example/t/\u2026/main"
