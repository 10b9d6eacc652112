"""Write the locks of the function in AWS Lambda (`infra/chaninfra/pulumi/code_package`) from requirements.lock.

The versions are the same, and of each there is the one wheel that pip takes for Lambda's platform.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chaninfra.pulumi.code_package.wheels import MACHINES, PYTHON, Architecture, download, lock_path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
ROOTS = ("boto3", "jsonschema", "msgspec", "obstore", "py-rattler", "zstandard")
"""The dependencies of chaninfra that `channel`, `index` and `follow` import, outside of the server."""
HEAD = """\
# What the function in AWS Lambda needs, one wheel each, of the versions in requirements.lock. Written by `make lock`.
"""


def needed(architecture: Architecture) -> set[str]:
    """The names of the packages: those of ROOTS, and what they need on Lambda. As the installed ones say."""
    lambdas = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "sys_platform": "linux", "extra": ""}
    lambdas |= {"platform_system": "Linux", "platform_machine": MACHINES[architecture], "os_name": "posix"}
    found: set[str] = set()
    waiting = [*ROOTS]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needs = map(Requirement, requires(name) or ())
            waiting += [
                canonicalize_name(need.name) for need in needs if not need.marker or need.marker.evaluate(lambdas)
            ]
    return found


def locked() -> dict[str, tuple[str, set[str]]]:
    """Name → version and hashes, as requirements.lock has them."""
    blocks = re.findall(
        r"^([a-z0-9-]+)==(\S+)(?: ;[^\\\n]*)? \\\n((?: +--hash=\S+(?: \\)?\n)+)", LOCK.read_text("utf-8"), re.M
    )
    return {name: (version, set(re.findall("sha256:([0-9a-f]{64})", hashes))) for name, version, hashes in blocks}


def main() -> None:
    versions = locked()
    for architecture in MACHINES:
        names = sorted(needed(architecture))
        with tempfile.TemporaryDirectory() as scratch:
            all_hashes = Path(scratch, "all.txt")
            lines = [
                " ".join(
                    [f"{name}=={versions[name][0]}", *(f"--hash=sha256:{each}" for each in sorted(versions[name][1]))]
                )
                for name in names
            ]
            all_hashes.write_text("\n".join(lines) + "\n", "utf-8")
            download(["-r", str(all_hashes)], architecture, Path(scratch))
            wheels = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in Path(scratch).glob("*.whl")}
        one = {canonicalize_name(path.name.partition("-")[0]): digest for path, digest in wheels.items()}
        pins = [f"{name}=={versions[name][0]} --hash=sha256:{one[name]}\n" for name in names]
        lock_path(architecture).write_text(HEAD + "".join(pins), "utf-8")
        print(f"{lock_path(architecture).name}: {len(pins)} packages", file=sys.stderr)


if __name__ == "__main__":
    main()
