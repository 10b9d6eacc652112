"""The fixture that tests of policies share: versitygw with its IAM."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.servers.iam_servers import Gateway, versitygw_iam


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """versitygw with its IAM, for the whole session; it trusts an OIDC issuer that runs in this process."""
    with versitygw_iam(tmp_path_factory.mktemp("gateway")) as running:
        yield running
