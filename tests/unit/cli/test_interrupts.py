"""SIGTERM runs the clean-up code of a block."""

from __future__ import annotations

import os
import signal

import pytest

from chaninfra.cli.interrupts import tidied_up


def test_sigterm_raises_within_the_block() -> None:
    previous = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught, tidied_up():
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is previous
