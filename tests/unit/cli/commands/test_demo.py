"""`chaninfra demo` where its packages are not installed, and where the terminal lacks characters."""

from __future__ import annotations

import io
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


def test_a_terminal_may_lack_a_character_that_the_engine_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    from chaninfra import demo as steps

    out = io.TextIOWrapper(io.BytesIO(), encoding="cp437")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(steps, "run", lambda *, keep: print("done ✓"))
    demo(keep=False)
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    assert out.buffer.getvalue() == b"done \\u2713\n"
