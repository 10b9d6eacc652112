"""The permissions of these credentials: to read, to list, and to publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, HISTORY_FOLDER, PATCHES_FOLDER, YANKED_JSON
from chaninfra.channel.conda.subdirs import NOARCH, Subdir
from chaninfra.channel.errors import CredentialsError, DeniedError
from chaninfra.channel.objects import SMALL, IfAbsent, StoredObject, exists, get_within
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.probe.write_mode import honoured, is_known, write_mode
from chaninfra.channel.s3.conditional import NEVER_MATCHING
from chaninfra.doctor.dry_writes import Outcome, small_package, try_write

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_ABSENT = "doctor/absent"
_ASK = "ask for a {0}'s permissions: `{0}s` in the stack config grants them, `chaninfra policy` prints the policies"


def reading(exam: Examination) -> Iterator[Finding]:
    """These credentials may read the channel's objects."""
    # A file that is not there may be answered 403, to those who may not list. Few channels lack both of these.
    files = [exam.descriptor.key(NOARCH, FILE_NAMES[kind]) for kind in ("shards", "json")]
    if isinstance(exam.channel_json_read, DeniedError) or all(
        _denied(partial(exists, exam.store, key)) for key in files
    ):
        yield Finding(state="failed", found="may not read objects (s3:GetObject)", remedy=_ASK.format("reader"))
    else:
        yield Finding(state="ok", found="may read objects")


def listing(exam: Examination) -> Iterator[Finding]:
    """These credentials may list the channel's objects, and the store answers 404 for a missing one."""
    key = exam.descriptor.key
    if _denied(lambda: next(exam.store.list(key()), None)):
        if exam.credentials is None:
            yield Finding(state="skipped", found="anyone may read the channel, but not list it")
        else:
            found = "may not list the bucket (s3:ListBucket)"
            yield Finding(state="failed", found=found, remedy=_ASK.format("reader"))
    elif _denied(lambda: exam.store.get(key(CHANINFRA_FOLDER, _ABSENT))):
        found = "the store answers 403 for a missing object, where pixi stops (s3:ListBucket on the whole bucket)"
        yield Finding(state="failed", found=found, remedy=_ASK.format("reader"))
    else:
        yield Finding(state="ok", found="may list objects; the store answers 404 for a missing one")


def publishing(exam: Examination) -> Iterator[Finding]:
    """These credentials may write what their role writes: each PUT has a condition that fails, and must answer 412."""
    if exam.credentials is None:
        yield Finding(state="skipped", found="publishing needs credentials")
        return
    dry_writes, descriptor = exam.dry_writes, exam.descriptor
    conditional = write_mode(descriptor.index.writers, honoured(descriptor)) == "conditional"
    if not conditional or not (is_known(descriptor) or (dry_writes and dry_writes.honoured)):
        found = "the store is not known to honour conditional writes; without them, a test would change objects"
        yield Finding(state="skipped", found=found)
        return
    tried: dict[str, Outcome] = {}
    if dry_writes is not None:
        tried["add files"] = dry_writes.create
    # A policy may treat packages differently from index files, or require a condition for them.
    packages = (small_package(exam.store, descriptor, subdir) for subdir in exam.subdirs)
    package = next(filter(None, packages), None)
    if package is not None and (dry_writes is None or package.entry.key != dry_writes.key):
        tried["add packages"] = try_write(exam.store, package.entry.key, package, IfAbsent())
    # The smallest index file is enough: policies grant all of them alike.
    for subdir in exam.subdirs:
        _try_replacing(exam, f"change the index of {subdir}", descriptor.key(subdir, FILE_NAMES["shards"]), tried)
    kept = next(filter(None, (_kept_state(exam, subdir) for subdir in exam.subdirs)), None)
    if kept is not None:
        created = try_write(exam.store, kept.entry.key, kept, IfAbsent())
        tried[f"keep the states of the index ({HISTORY_FOLDER}/)"] = created
    if exam.role in ("maintainer", "promoter"):
        for subdir in exam.subdirs:
            _try_replacing(exam, f"patch {subdir}", descriptor.key(PATCHES_FOLDER, f"{subdir}.json"), tried)
    if exam.role == "maintainer":
        _try_replacing(exam, "yank", descriptor.key(YANKED_JSON), tried)
    yield _judged(exam, tried)


def _try_replacing(exam: Examination, action: str, key: str, tried: dict[str, Outcome]) -> None:
    """Record in `tried` the outcome of replacing an object; one that is missing or too large is not tried."""
    stored = get_within(exam.store, key, SMALL)
    if isinstance(stored, StoredObject):
        tried[action] = try_write(exam.store, key, stored, NEVER_MATCHING)


def _kept_state(exam: Examination, subdir: Subdir) -> StoredObject | None:
    """A state of the index of a subdir; None if there is none of at most 16 MiB among those listed first."""
    try:
        first = next(exam.store.list(exam.descriptor.key(HISTORY_FOLDER, subdir)), None)
    except DeniedError:
        return None
    stored = get_within(exam.store, first.key, SMALL) if first is not None else None
    return stored if isinstance(stored, StoredObject) else None


def _judged(exam: Examination, tried: dict[str, Outcome]) -> Finding:
    """Without --as, having all of the permissions or none of them is ok."""
    denied = [action for action, outcome in tried.items() if outcome == "denied"]
    rejected = [action for action, outcome in tried.items() if outcome == "unsupported"]
    if rejected:
        return Finding(
            state="failed",
            found=f"the store rejects the writes with a condition that try whether these credentials may "
            f"{', '.join(rejected)}",
            remedy=exam.remedies.command("doctor", "--probe"),
        )
    if not denied:
        found = f"may {', '.join(tried)}; nothing was written" if tried else "there is no object to try it on"
        return Finding(state="ok", found=found)
    if len(denied) == len(tried) and exam.role in (None, "reader"):
        return Finding(state="ok", found="may read but not publish")
    role = exam.role if exam.role in ("maintainer", "promoter") else "publisher"
    return Finding(
        state="failed",
        found=f"may not {', '.join(denied)}",
        remedy=f"use a {role}'s credentials, or {_ASK.format(role)}",
    )


def _denied(call: Callable[[], object]) -> bool:
    try:
        call()
    except CredentialsError:
        raise
    except DeniedError:
        return True
    return False
