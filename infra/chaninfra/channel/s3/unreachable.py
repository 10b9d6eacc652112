"""Why no answer came: the causes that obstore's and botocore's errors tell only in their text, and what to do.

obstore's first line says "error sending request" for all of them; the cause is in the structures that it dumps below.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from chaninfra.channel.errors import Remedy
from chaninfra.channel.location import Location
from chaninfra.channel.s3.trust import FILE

TRUST = (
    f"give the file of its CA to chaninfra and to pixi: export {FILE}=/path/to/ca.pem; or add the CA to this machine's "
    "trusted CAs and let pixi use these: pixi config set --global tls-root-certs system"
)
"""pixi's release build trusts Mozilla's CAs alone, until one of these tells it otherwise."""
NOBODY = "http://127.0.0.1:0"
"""The proxy for all hosts but the endpoint's: nothing can listen on port 0, so redirects to other hosts end there."""


class Reason(NamedTuple):
    """Why there was no answer, and what to do; in the table `remedy` may have {url}, the endpoint, and {other}, the
    same with the other scheme.
    """

    message: str
    remedy: str
    about_host: bool = False
    """Whether the host name is what is wrong."""


_CERTIFICATE = "the certificate is not trusted"
# What the texts of obstore (rustls) and botocore (OpenSSL) have in common for one cause → the cause.
_REASONS: tuple[tuple[str, Reason], ...] = (
    (
        r"127\.0\.0\.1:0\b",
        Reason(
            "the server redirects to another host, which must not get the credentials",
            "set `endpoint-url` to the host that it redirects to: curl -sI {url}",
        ),
    ),
    (
        r"InvalidContentType|WRONG_VERSION_NUMBER|wrong version number|UNKNOWN_PROTOCOL|http request",
        Reason(
            "it speaks http, not https",
            Remedy("use {other} as `endpoint-url` (--endpoint-url {other})", stack="set `endpoint-url` to {other}"),
        ),
    ),
    (
        r"NotValidForName|Hostname mismatch|IP address mismatch|doesn't match",
        Reason(
            "the certificate is for another host name",
            "use a host name in `endpoint-url` that is in the certificate",
            about_host=True,
        ),
    ),
    (r"InvalidCertificate\(\s*Expired|certificate has expired", Reason("the certificate has expired", "renew it")),
    (r"InvalidCertificate\(|CERTIFICATE_VERIFY_FAILED|certificate verify failed", Reason(_CERTIFICATE, TRUST)),
    (
        r"dns error|Name or service not known|nodename nor servname|failed to resolve|NameResolutionError",
        Reason(
            "there is no host of this name", "check the host name in `endpoint-url`, and the network", about_host=True
        ),
    ),
    (
        r"ConnectionRefused|Connection refused",
        Reason("the connection was refused", "check the port in `endpoint-url`, and whether the server is running"),
    ),
    (
        r"kind: Timeout|timed out|ConnectTimeout",
        Reason("it took too long", "check `endpoint-url`, the network and the server, and try again"),
    ),
)


def reason(location: Location, text: str) -> Reason | None:
    """The cause in the text of an error of obstore or botocore; None: it is none of the known ones."""
    url = location.endpoint_url
    values = {"url": shlex.quote(url), "other": other_scheme(url)}
    for pattern, found in _REASONS:
        if re.search(pattern, text):
            filled = found.remedy.format(**values)
            if isinstance(found.remedy, Remedy):
                filled = Remedy(filled, stack=found.remedy.stack.format(**values))
            return found._replace(remedy=filled)
    if url.startswith("http:") and re.search(
        r"ConnectionReset|Connection reset|RemoteDisconnected|IncompleteMessage", text
    ):
        return Reason("it closed the connection", f"if it speaks https, use {other_scheme(url)} as `endpoint-url`")
    return None


def other_scheme(url: str) -> str:
    """The endpoint URL with http for https, and https for http."""
    scheme, _, rest = url.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"
