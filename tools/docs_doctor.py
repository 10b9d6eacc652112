"""Generates docs/doctor.md from the table of checks."""

from __future__ import annotations

from chaninfra.doctor.checks.table import CHECKS

_HEAD = """# The doctor

`chaninfra doctor CHANNEL` checks everything that a client needs to reach its packages, in the order of the table below,
and prints one line per check. Below a failed check it prints the remedy: a command to copy and run if there is one,
else a description of the change. The exit code is 1 if a check failed; `--json` prints the same results as JSON.

A check that depends on a failed one is *skipped*, so that only the cause is reported. `--check NAME` runs one check,
and also shows the failed checks that it depends on; `--list` prints the names.

A remedy repeats CHANNEL and the store's flags as you gave them, but no access key: put those in the environment or in a
profile.

![A terminal: with a mistyped key a check fails and says what to do, with the right key three pass](doctor.svg)"""

_TAIL = """## What it does to the channel

The checks change nothing. They test write permissions with PUTs whose condition fails, which the store must answer
with 412: `If-None-Match: *` for an object that exists, and `If-Match` with an ETag that no object has. The object is
a shard, or else a small package: only `publish --force` ever rewrites one. The PUT carries the bytes already stored.
The shard indexes, and a state of one in the history, are tried in the same way, but only if the store is known, or was
just seen, to honour these conditions.

With `--as publisher`, `--as promoter` or `--as maintainer`, missing permissions of that role are a failure. By default
read access is enough; having only some of a publisher's permissions is a failure all the same.

`reader` uses py-rattler, which contains the code that pixi reads channels with. It runs with the settings that
`chaninfra manifest` prints and an empty cache, and queries up to five package names. Key, region and profile are
those that pixi would have in this shell: it says which entry of [pixi's
stores](client-settings.md#keys-regions-and-files) wins and which do not count, and, on AWS, which region pixi asks
in. The keyring is asked by `secret-tool` (Linux) or `security` (macOS), where they are there. Where pixi would find
no key at all, the doctor's own is tried, and it warns.

## What it says of the index

For each subdir `index` says which index files agree, and of which commit they are. Otherwise it says

- which of the derived files (repodata.json, run_exports.json, and both compressed) is behind the shard index, by how
  many commits, and since when. With `index.monolith: each-commit` that is a failure, after the doctor has waited as
  long as a publisher would for another one that is just going to write the file. With `at-most-every` it is ok for
  twice that time, and a warning afterwards: [no schedule runs](channels.md#at-most-every-needs-a-schedule). The remedy
  is `chaninfra reindex`.
- with `never`, that repodata.json is still there, which misleads older clients: a warning. The remedy is a maintainer's
  `chaninfra gc`. And that run_exports.json has been behind for more than a day: neither a schedule nor a follower
  writes it.
- which file another tool wrote; which tool, if the form of the file tells it (rattler-index, conda-index, an older
  chaninfra, or a copy without the object's metadata); and what the next commit or `reindex` does about it.
- how many shards the shard index names that the store does not have. It is compared with a listing, and no shard is
  read, so that a forged shard index costs no more than a true one.

`garbage` counts the states of the index in the history, and what `gc` has marked, and warns if `gc` should have deleted
old states more than a week ago.

`follow` says what follows the channel, when it last compared or re-indexed it, and how often it does: see [the page
about followers](follow.md#seen-from-the-channel).

## `--names-from`

A channel that is listed before conda-forge hides conda-forge's packages of the same name. `--names-from FILE|URL` reads
the names of conda-forge, or of another channel, and warns about packages with one of them. It takes a repodata.json or
its .zst, a repodata_shards.msgpack.zst (the smallest download), a JSON list of names, or text with one name per line.
It is only a warning, because it may be intended.

## `--probe`

Instead of running the checks, `--probe` tests what the store supports. It writes scratch objects below
`.chaninfra/probe/` in the channel, deletes them afterwards, and records in channel.json what writers need to know. This
needs the credentials that run `pulumi up` (or `chaninfra init`); a publisher's are not enough. `pulumi up` and
`chaninfra init` do the same for a new channel, and again if versioning was turned on since then, because some stores
ignore conditions in a versioned bucket.

A conditional write must also be refused when several writers write at the same time. Some stores check the condition
first and write afterwards: one write after the other looks right there, but of several at once all are answered with
success, and all but one are lost. So the probe lets eight writers create one key at once, five times, and eight replace
it, five times; and four complete a multipart upload, and four copy an object to one key, twice each. If two of them
win, or the winner's bytes are not there, the condition counts as not honoured. Without the first two `publish` refuses
to write unless `index.writers` is `single`. The whole probe makes less than 250 requests with at most 1 KB each, and
takes a few seconds.

Some stores that have all other conditions copy over what is there. `copy` then lets the store make its copies in
another way, by uploads of one part. channel.json records `copy` only where the table of stores does not say the same.

It also finds the form of the ETag that `If-Match` honours. HTTP has it in quotes; Ceph 16 takes it only without them,
and answers 412 to the right one in quotes. channel.json records `etags: unquoted` then. In a bucket with versions the
probe tries whether an object that was deleted can be created again, which
[versitygw refuses](own-store.md#deleted-and-published-again).

Races can show that a store loses writes, not that it never does. What [the table of stores](providers.md) denies is
therefore not believed of a probe, and a channel that an earlier version probed, without races, should be probed once
more. While a store of which the table says nothing was not probed at all, every command that writes to it says so. The
first write of each kind is tried there, but only one after the other."""


def doctor() -> str:
    """The page, as Markdown."""
    rows = ["| check | passes if | depends on |", "|---|---|---|"]
    for name, check in CHECKS.items():
        needs = ", ".join(f"`{need}`" for need in (*check.needs, *check.spoiled_by))
        rows.append(f"| `{name}` | {check.title} | {needs} |")
    return "\n".join([_HEAD, "", "## The checks", "", *rows, "", _TAIL, ""])
