"""The settings of obstore's HTTP client: time limits, CAs, proxy."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from chaninfra.channel.s3.trust import more_than_rustls_finds
from chaninfra.channel.s3.unreachable import NOBODY

TIMEOUT = timedelta(minutes=15)
"""Limit of a request with its body, which may be 16 MiB over a slow line; `connect_timeout` is for dead hosts."""


def client_options(endpoint: str) -> Any:
    """The settings of the HTTP client. Raises ConfigurationError where a variable names CAs that are not there."""
    options: dict[str, Any] = {
        "allow_http": endpoint.startswith("http:"),
        "connect_timeout": timedelta(seconds=5),
        "timeout": TIMEOUT,
    }
    if endpoint.startswith("https:") and (certificates := more_than_rustls_finds()):
        options["root_certificate"] = certificates
    # The client follows redirects, and would send the session token along to any host. It has no setting for that, but
    # one for the hosts that need no proxy: all others get one that is not there.
    host = urlsplit(endpoint).hostname or ""
    if not _has_proxy(endpoint, host):
        options |= {"proxy_url": NOBODY, "proxy_excludes": host}
    return options


def _has_proxy(endpoint: str, host: str) -> bool:
    """Whether the environment names a proxy for the endpoint, which then stays in use."""
    if sys.platform == "linux" and not any(
        name.lower().endswith("_proxy") and name.lower() != "no_proxy" for name in os.environ
    ):
        return False
    # Slow to import, and hardly any machine has a proxy.
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    named = urlsplit(endpoint).scheme in proxies or "all" in proxies
    return named and not proxy_bypass(host)
