"""`chaninfra demo` where its packages are not installed."""

from __future__ import annotations

import sys

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.commands.demo import demo


@pytest.mark.parametrize("missing", ["pulumi", "moto", "psutil", "rattler_build"])
def test_a_missing_extra_is_named_with_its_command(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == missing or name.startswith("chaninfra.demo")
    ]:
        monkeypatch.delitem(sys.modules, name)
    # As Python does for a module that is not there.
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigurationError, match=missing.replace("rattler_build", "py-rattler-build")) as caught:
        demo(keep=False)
    assert "pip install" in str(caught.value.remedy)
    assert "[demo]" in str(caught.value.remedy)
