"""The page of the doctor, printed from its table of checks."""

from __future__ import annotations

from chaninfra.doctor.checks.table import CHECKS

_HEAD = """# The doctor

`chaninfra doctor CHANNEL` looks at all that stands between a client and its packages, in this order, and prints a line
for each check. Below what failed stands what mends it: a command that can be copied and run, where there is one, else
the change in words. It exits with 1 where a check failed; `--json` prints the same for a program.

A check that cannot be judged since another one failed is *skipped*, so that what failed is what is wrong.
`--check NAME` runs one, and first what it hangs on; `--list` prints the names.

A remedy repeats the channel and the store's flags as they were given, but no key: those are best in the environment or
in a profile."""

_TAIL = """## What it does to the channel

Nothing. What these credentials may write is found by PUTs whose condition does not hold (`If-None-Match: *` on what is
there, `If-Match` with an ETag that nothing has), which must be answered 412. They are of a shard or a small package,
which nobody ever changes, and carry the bytes that are there already; index files, with the bytes that are there too,
are tried only where the store was seen to honour the conditions, or is known to.

With `--as publisher` or `--as maintainer` it is a fault not to have the rights of one; left out, whoever may read is
healthy, and half of a publisher's rights is a fault still.

`reader` is py-rattler, the code that pixi reads channels with. It gets the settings that `chaninfra manifest` prints,
the credentials that the doctor found, and no cache. It asks for the packages of five names.

## `--names-from`

A channel that stands before conda-forge hides conda-forge's packages of the same names. `--names-from FILE|URL` takes
conda-forge's names, or any others', and names the packages that do: a repodata.json or its .zst, a
repodata_shards.msgpack.zst (the smallest of the three), a JSON list, or a text with a name on each line. That is a
warning, since it may be meant.

## `--probe`

Instead of the checks: what the store really does, found on scratch objects that are deleted again, and recorded in
channel.json for writers to go by. It needs the rights of the one who deploys the channel."""


def doctor() -> str:
    """The page."""
    rows = ["| check | ok where | hangs on |", "|---|---|---|"]
    for name, check in CHECKS.items():
        needs = ", ".join(f"`{need}`" for need in (*check.needs, *check.spoiled_by))
        rows.append(f"| `{name}` | {check.title} | {needs} |")
    return "\n".join([_HEAD, "", "## The checks", "", *rows, "", _TAIL, ""])
