"""The versions in requirements.lock as constraints for pip, without the hashes: `python tools/pins.py > FILE`.

pip wants the hashes of all packages or of none, and a wheel that was just built can have none there. It runs on a bare
Python, in an image and in a job.
"""

from __future__ import annotations

from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"


def pins() -> str:
    """A line for each package: `name==version`, and for which systems."""
    lines = LOCK.read_text("utf-8").splitlines()
    return "".join(line.removesuffix(" \\") + "\n" for line in lines if line[:1].isalnum())


if __name__ == "__main__":
    print(pins(), end="")
