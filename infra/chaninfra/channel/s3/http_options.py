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
    if proxy_of(endpoint) is None:
        options |= {"proxy_url": NOBODY, "proxy_excludes": urlsplit(endpoint).hostname or ""}
    return options


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for this http(s) URL; None: there is none."""
    if sys.platform == "linux" and not any(
        name.lower().endswith("_proxy") and name.lower() != "no_proxy" for name in os.environ
    ):
        return None
    # Slow to import, and hardly any machine has a proxy.
    from urllib.request import getproxies, proxy_bypass

    proxies, parts = getproxies(), urlsplit(url)
    named = proxies.get(parts.scheme) or proxies.get("all")
    return None if proxy_bypass(parts.hostname or "") else named
