"""`chaninfra follow` where its packages are not installed."""

from __future__ import annotations

import sys

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.commands.follow import follow
from chaninfra.cli.store_flags import StoreFlags


@pytest.mark.parametrize("missing", ["uvicorn", "starlette", "prometheus_client"])
def test_a_missing_extra_is_named_with_its_command(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == missing or name.startswith("chaninfra.follow")
    ]:
        monkeypatch.delitem(sys.modules, name)
    # As Python does for a module that is not there.
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigurationError, match=missing) as caught:
        follow(every="30s", store=StoreFlags())
    assert caught.value.remedy == "in a clone of chaninfra: pip install '.[follow]'"
