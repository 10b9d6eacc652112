"""Why no answer came, in the words of obstore's and botocore's errors as they were seen."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import UnreachableError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.error_codes import error_for


@pytest.mark.parametrize(
    ("url", "text", "says", "remedy"),
    [
        (
            "https://store:9000",
            "error: InvalidMessage(\n    InvalidContentType,\n)",
            "it speaks http, not https",
            "use http://store:9000 as `endpoint-url` (--endpoint-url http://store:9000)",
        ),
        ("https://store", "[SSL: WRONG_VERSION_NUMBER] wrong version number", "it speaks http", "http://store"),
        (
            "https://store",
            "error: InvalidCertificate(\n    UnknownIssuer,\n)",
            "the certificate is not trusted",
            "export SSL_CERT_FILE=",
        ),
        (
            "https://store",
            "SSL validation failed … [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local …",
            "the certificate is not trusted",
            "tls-root-certs system",
        ),
        ("https://store", "InvalidCertificate(\n   NotValidForNameContext {", "another host name", "a host name in"),
        ("https://store", "InvalidCertificate(\n   ExpiredContext {", "has expired", "renew it"),
        ("http://store", 'ConnectError(\n  "dns error",', "there is no host of this name", "check the host name"),
        ("http://my-bucket.store", '"dns error",', "there is no host", "--endpoint-url http://store"),
        ("http://store", "kind: ConnectionRefused,", "the connection was refused", "check the port"),
        ("http://store", "kind: Timeout,", "it took too long", "try again"),
        ("http://store", "ConnectError(\n 127.0.0.1:0,\n kind: ConnectionRefused", "redirects to another host", "curl"),
        ("http://store", "kind: ConnectionReset,", "it closed the connection", "use https://store as"),
        ("http://store", "something new", "no answer (SomethingNew)", "check `endpoint-url`"),
    ],
)
def test_each_cause_is_named(url: str, text: str, says: str, remedy: str) -> None:
    location = Location(bucket="my-bucket", endpoint_url=url, region="eu-1", force_path_style=True)
    error = error_for(location, "", None, doing="read", detail="SomethingNew", text=text)
    assert isinstance(error, UnreachableError)
    assert says in error.message
    assert remedy in (error.remedy or "")
