"""Ctrl-C and SIGTERM raise an error with the message of the command; tests/integration/client/test_interrupted.py has
what a terminal shows.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from chaninfra.channel.errors import ExitCode, StoppedError
from chaninfra.cli.interrupts import interruptible


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_a_signal_raises_within_the_block(sent: signal.Signals, code: int) -> None:
    previous = signal.getsignal(signal.SIGTERM)
    told = threading.Event()
    tidied = []

    # Python ignores what a signal raises in a callback of the garbage collector; hypothesis has one.
    gc.disable()

    def run() -> None:
        with interruptible(lambda: StoppedError("3 of 5"), told.set), suppress(OSError):
            try:
                os.kill(os.getpid(), sent)
                time.sleep(5)
            finally:
                tidied.append(sent)

    try:
        with pytest.raises(StoppedError, match="3 of 5") as caught:
            run()
    finally:
        gc.enable()
    assert caught.value.exit_code == code == 128 + sent
    assert tidied == [sent]
    assert told.wait(5)
    assert signal.getsignal(signal.SIGTERM) is previous
    assert signal.set_wakeup_fd(-1) == -1


def test_a_block_that_ends_by_itself_leaves_nothing_behind() -> None:
    threads = threading.active_count()
    for _ in range(3):
        with interruptible(lambda: StoppedError("stopped")):
            pass
    assert threading.active_count() == threads
    with pytest.raises(ValueError, match="wrong"), interruptible(lambda: StoppedError("stopped")):
        raise ValueError("wrong")


def test_a_block_that_does_not_see_the_signal_ends_all_the_same() -> None:
    script = (
        "import time\n"
        "from chaninfra.channel.errors import StoppedError\n"
        "from chaninfra.cli.interrupts import interruptible\n"
        "with interruptible(lambda: StoppedError('so far'), grace=0.5):\n"
        "    while True:\n"
        "        try:\n"
        "            print('ready', flush=True)\n"
        "            time.sleep(60)\n"
        "        except KeyboardInterrupt:\n"
        "            pass\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (130, "error: so far\n")
