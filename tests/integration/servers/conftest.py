"""What the tests of policies share: versitygw with its IAM."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.servers.iam_servers import Gateway, versitygw_iam


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """versitygw with its IAM, led to an OIDC issuer of this process, for the whole session."""
    with versitygw_iam(tmp_path_factory.mktemp("gateway")) as running:
        yield running
