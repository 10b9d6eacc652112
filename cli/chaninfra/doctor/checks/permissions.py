"""What these credentials may do: read, and publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, YANKED_JSON
from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.errors import CredentialsError, DeniedError
from chaninfra.channel.objects import IfAbsent
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.probe.write_mode import honoured, is_known, write_mode
from chaninfra.channel.s3.conditional import NEVER_MATCHING
from chaninfra.doctor.dry_writes import small_package, try_write
from chaninfra.doctor.examination import Case

_ABSENT = "doctor/absent"
_GRANT = "the stack config's `{}` grants it; `chaninfra policy --config Pulumi.<stack>.yaml` prints the policies"


def reading(case: Case) -> Iterator[Finding]:
    """These credentials may read the channel's objects."""
    index = case.descriptor.key(NOARCH, REPODATA)
    if isinstance(case.answer, DeniedError) or _denied(lambda: case.store.get(index)):
        yield _lacks("reading", "may not read objects (s3:GetObject)")
    else:
        yield Finding(name="reading", state="ok", found="objects are read")


def listing(case: Case) -> Iterator[Finding]:
    """These credentials may list the channel, and are told of what is not there."""
    key = case.descriptor.key
    if _denied(lambda: next(case.store.list(key()), None)):
        if case.credentials is None:
            yield Finding(name="listing", state="skipped", found="everybody may read it, and not list it")
        else:
            yield _lacks("listing", "may not list the bucket (s3:ListBucket)")
    elif _denied(lambda: case.store.get(key(CHANINFRA_FOLDER, _ABSENT))):
        found = "403 is said of what is not there, where pixi stops (s3:ListBucket on the whole bucket)"
        yield _lacks("listing", found)
    else:
        yield Finding(name="listing", state="ok", found="objects are listed, and 404 is said of what is not there")


def _lacks(name: str, found: str) -> Finding:
    remedy = "ask for the right of a reader: " + _GRANT.format("readers")
    return Finding(name=name, state="failed", found=found, remedy=remedy)


def publishing(case: Case) -> Iterator[Finding]:
    """What these credentials may write, by PUTs whose condition does not hold: they must be answered 412."""
    if case.credentials is None:
        yield _skipped("without credentials nobody is to publish")
        return
    tried = case.trial
    described = case.descriptor
    conditional = write_mode(described.index.writers, honoured(described)) == "conditional"
    if not conditional or not (is_known(described) or (tried and tried.honoured)):
        yield _skipped("the store is not known to have conditional writes, so that nothing can be tried but by writing")
        return
    may: dict[str, bool] = {}
    if tried is not None:
        may["add files"] = tried.create != "denied"
    # A policy may demand a condition of packages, or say of them what it does not say of the index.
    package = next(filter(None, (small_package(case.store, described, subdir) for subdir in case.subdirs)), None)
    if package is not None and (tried is None or package.entry.key != tried.key):
        may["add packages"] = try_write(case.store, package.entry.key, package, IfAbsent()) != "denied"
    # The smallest index file: all of them are granted alike.
    kind = min(described.index.formats, key=("shards", "zst", "json").index)
    for subdir in case.subdirs:
        name = described.key(subdir, FILE_NAMES[kind])
        there = case.store.get(name)
        if there is not None:
            may[f"change the index of {subdir}"] = try_write(case.store, name, there, NEVER_MATCHING) != "denied"
    if case.role == "maintainer":
        name = described.key(YANKED_JSON)
        there = case.store.get(name)
        if there is not None:
            may["yank"] = try_write(case.store, name, there, NEVER_MATCHING) != "denied"
    yield _judged(case, may)


def _judged(case: Case, may: dict[str, bool]) -> Finding:
    lacks = [what for what, allowed in may.items() if not allowed]
    if not lacks:
        found = f"may {', '.join(may)}; nothing was written" if may else "there is nothing to try it on"
        return Finding(name="publishing", state="ok", found=found)
    if len(lacks) == len(may) and case.role in (None, "reader"):
        return Finding(name="publishing", state="ok", found="may read, and not publish")
    return Finding(
        name="publishing",
        state="failed",
        found=f"may not {', '.join(lacks)}",
        remedy="use a publisher's credentials, or ask for the right: "
        + _GRANT.format("maintainers" if case.role == "maintainer" else "publishers"),
    )


def _skipped(found: str) -> Finding:
    return Finding(name="publishing", state="skipped", found=found)


def _denied(call: Callable[[], object]) -> bool:
    try:
        call()
    except CredentialsError:
        raise
    except DeniedError:
        return True
    return False
