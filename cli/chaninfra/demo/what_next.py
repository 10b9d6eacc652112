"""What the demo says at its end: lines that run as they are pasted into a new terminal."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

_RANDOM = "python3 -c 'import secrets; print(secrets.token_hex())'"
STATE = (
    'export PULUMI_BACKEND_URL="file://$HOME" PULUMI_CONFIG_PASSPHRASE_FILE="$HOME/.pulumi-passphrase"\n'
    f"test -e ~/.pulumi-passphrase || (umask 077; {_RANDOM} > ~/.pulumi-passphrase)\n"
    'pulumi() { CI=1 command pulumi "$@" --non-interactive; }\n'
)
"""As docs/first-channel.md has them, which says what they do."""

_NEXT = """
What to type next

  in each new terminal, first (docs/first-channel.md says what these lines do; keep the file of the passphrase):
{first}
  on AWS, with credentials in the environment or a profile:
    pulumi stack init prod
    pulumi config set provider aws && pulumi config set bucket my-bucket
    pulumi config set region eu-central-1 && pulumi config set prefix my-channel
    pulumi up --yes && chaninfra manifest > pixi.toml

  on a store of your own (custom, or a name from `chaninfra providers`), with its access key
  in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY:
    pulumi stack init own
    pulumi config set provider custom && pulumi config set endpoint-url https://s3.example.com
    pulumi config set bucket my-bucket && pulumi config set prefix my-channel
    pulumi up --yes && chaninfra manifest > pixi.toml

  then, for each package:
    chaninfra publish my-package-1.0-0.conda
"""


def what_next(engine: Path, folder: Path) -> str:
    """The text. `engine` is the folder of the program `pulumi`; `folder`, where the demo runs, is the project's if it
    has a Pulumi.yaml.
    """
    # Not resolved: the python of a virtual environment is a link.
    path = os.pathsep.join(dict.fromkeys([str(Path(sys.executable).parent), str(engine)]))
    if (folder / "Pulumi.yaml").is_file():
        project = f"cd {shlex.quote(str(folder))}"
    else:
        project = "cd PATH/TO/CLONE/OF/chaninfra"
    lines = [project, f'export PATH={shlex.quote(path)}:"$PATH"', *STATE.splitlines()]
    return _NEXT.format(first="".join(f"    {line}\n" for line in lines))
