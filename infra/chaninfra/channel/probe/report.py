"""A finding for each fact of a probe: compared with the table of providers and with the channel's settings."""

from __future__ import annotations

from msgspec import structs

from chaninfra.channel.conda.object_names import PROBE_FOLDER
from chaninfra.channel.errors import Remedy
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.finding import CheckResult
from chaninfra.channel.probe.probe import ProbeResult, probe
from chaninfra.channel.probe.write_mode import SINGLE, write_mode
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Capability, Provider
from chaninfra.channel.s3.conditional import ProbedVerdict
from chaninfra.channel.s3.credentials import Credentials

_VERDICTS: dict[ProbedVerdict, str] = {
    "honoured": "honoured",
    "ignored": "not honoured: the store writes although the condition does not hold",
    "unsupported": "not honoured: the store rejects writes with this condition",
    "not-atomic": "not atomic: of several writes at the same time the store accepts several, and keeps one",
    "not-believed": "honoured in this probe, which is not believed",
}


def examine(descriptor: Descriptor, credentials: Credentials) -> tuple[ProbeResult, tuple[CheckResult, ...]]:
    """Probe the store of a channel: the result, and a finding for each fact. Raises what `probe` raises."""
    # The channel.json of a later version may name a provider that this version does not know.
    row = PROVIDERS.get(descriptor.provider, PROVIDERS["custom"])
    found = believed(probe(descriptor.location, credentials, descriptor.prefix), row)
    return found, report(found, row, descriptor)


def believed(found: ProbeResult, row: Provider) -> ProbeResult:
    """The result without what the table of providers denies: a probe can show that a store is wrong, not that it never
    is."""
    versioned = not found.versioned or row.can("conditional-versioned")

    def verdict(given: ProbedVerdict, capability: Capability) -> ProbedVerdict:
        return "not-believed" if given == "honoured" and not (versioned and row.can(capability)) else given

    copy = verdict(found.copy, "conditional-copy")
    return structs.replace(
        found,
        copy=copy,
        copy_is_known=(copy == "honoured") == (row.capabilities["conditional-copy"].value == "yes"),
        create=verdict(found.create, "conditional-create"),
        replace=verdict(found.replace, "conditional-replace"),
        multipart=verdict(found.multipart, "conditional-multipart"),
    )


def report(found: ProbeResult, row: Provider, descriptor: Descriptor) -> tuple[CheckResult, ...]:
    """A finding for each fact, in the order in which to fix them. Makes no request."""
    return (
        _region(found),
        _addressing(found, row, descriptor),
        _conditional("conditional-create", found.create, found, row, descriptor),
        _conditional("conditional-replace", found.replace, found, row, descriptor),
        _multipart(found, row, descriptor),
        _copy(found, row),
        *_recreate(found, row),
        _checksums(found, row),
        _digest(found, row),
        _listing(found),
        _missing(found),
        _missing_anonymous(found, descriptor),
        _scratch(found),
    )


def _region(found: ProbeResult) -> CheckResult:
    if found.refused_region is not None:
        return CheckResult(
            name="region",
            state="failed",
            found=f"the store refuses {found.refused_region!r} and reports {found.region!r}",
            remedy=_setting("region", found.region),
        )
    reported = found.reported_region
    more = f"; the store reports {reported!r}" if reported not in (None, found.region) else ""
    return CheckResult(name="region", state="ok", found=f"{found.region!r} is accepted{more}")


def _addressing(found: ProbeResult, row: Provider, descriptor: Descriptor) -> CheckResult:
    declared = descriptor.location.addressing_style
    works = " and ".join(found.addressing)
    if declared not in found.addressing:
        return CheckResult(
            name="addressing",
            state="failed",
            found=f"{declared} does not work, {works} does",
            remedy=_setting("force-path-style", str(not descriptor.force_path_style).lower()),
        )
    expected = row.addressing.value
    more = "" if expected in found.addressing else _expected(row, expected)
    return CheckResult(name="addressing", state="ok", found=f"{works} works{more}")


def _setting(key: str, value: str) -> str:
    stack = f"set `{key}` to {value}"
    return Remedy(f"{stack} in the stack config and run `pulumi up`; for this run, add --{key} {value}", stack=stack)


def _conditional(
    name: Capability, verdict: ProbedVerdict, found: ProbeResult, row: Provider, descriptor: Descriptor
) -> CheckResult:
    says = _VERDICTS[verdict] + _if_unexpected(row, name, verdict)
    if verdict == "honoured":
        return CheckResult(name=name, state="ok", found=says + (_etags(found, row) if "replace" in name else ""))
    if write_mode(descriptor.index.writers, found.conditional_writes) == "refused":
        return CheckResult(
            name=name, state="failed", found=f"{says}; two writers could overwrite each other", remedy=SINGLE
        )
    return CheckResult(name=name, state="warning", found=f"{says}; one writer at a time, as declared")


def _etags(found: ProbeResult, row: Provider) -> str:
    """The form of the ETag, where it is not the usual one or not that of the row."""
    expected = row.etags.value
    form = "without the quotes of the ETag" if found.etags == "unquoted" else "with the quotes of the ETag"
    if found.etags != expected and row.capabilities["conditional-replace"].value != "unknown":
        return f", {form}{_expected(row, expected, recorded=True)}"
    return f", {form}" if found.etags == "unquoted" else ""


def _recreate(found: ProbeResult, row: Provider) -> tuple[CheckResult, ...]:
    if found.recreate is None:
        return ()
    done, expected = found.recreate == "done", row.capabilities["conditional-recreate"].value
    differs = expected != "unknown" and (expected == "yes") != done
    more = _expected(row, expected) if differs else ""
    if done:
        says = "an object that was deleted can be created again"
        return (CheckResult(name="conditional-recreate", state="ok", found=says + more),)
    return (
        CheckResult(
            name="conditional-recreate",
            state="warning",
            found=f"what was deleted cannot be created again: the store takes its delete marker for an object{more}",
            remedy="before you publish a deleted package again, delete its delete marker; `publish` prints the command",
        ),
    )


def _multipart(found: ProbeResult, row: Provider, descriptor: Descriptor) -> CheckResult:
    line = _conditional("conditional-multipart", found.multipart, found, row, descriptor)
    if found.create == "honoured" and found.multipart != "honoured":
        says = _VERDICTS[found.multipart] + _if_unexpected(row, "conditional-multipart", found.multipart)
        return CheckResult(
            name=line.name, state="warning", found=f"{says}; packages are uploaded in one PUT, so at most 5 GiB each"
        )
    return line


def _copy(found: ProbeResult, row: Provider) -> CheckResult:
    name: Capability = "conditional-copy"
    says = _VERDICTS[found.copy] + _if_unexpected(row, name, found.copy)
    if found.copy != "honoured":
        in_parts = found.create != "honoured" or found.multipart == "honoured"
        says += "; `copy` " + ("copies by uploads of one part" if in_parts else "sends packages through where it runs")
    expected = row.capabilities[name].value == "yes"
    return CheckResult(name=name, state="warning" if expected and found.copy != "honoured" else "ok", found=says)


def _if_unexpected(row: Provider, capability: Capability, verdict: ProbedVerdict) -> str:
    if verdict == "not-believed" and row.can(capability):
        capability = "conditional-versioned"
    expected = row.capabilities[capability].value
    if verdict == "not-believed":
        return f"; `chaninfra providers {row.name}` says {expected} for {capability}"
    if expected == "unknown" or (expected == "yes") == (verdict == "honoured"):
        return ""
    return _expected(row, expected, recorded=True)


def _expected(row: Provider, value: str, *, recorded: bool = False) -> str:
    """What to add to a finding that differs from the provider's row."""
    return (
        f"; the provider table says `{value}` for {row.name}. The probe's result counts: channel.json records it"
        if recorded
        else f"; the provider table says `{value}` for {row.name}, please report the difference"
    )


def _checksums(found: ProbeResult, row: Provider) -> CheckResult:
    if found.checksums == "accepted":
        return CheckResult(
            name="checksums", state="ok", found="the checksums that AWS's SDKs send by default are accepted"
        )
    rejected = "the checksums that AWS's SDKs send by default are rejected"
    if row.checksums.value == "when_required":
        return CheckResult(
            name="checksums",
            state="ok",
            found=f"{rejected}; chaninfra sends none, unless a bucket asks for one",
            remedy="for other tools: export AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
        )
    return CheckResult(
        name="checksums",
        state="failed",
        found=f"{rejected}, and chaninfra sends one with each PUT to {row.name}{_expected(row, row.checksums.value)}",
        remedy=f"{_setting('provider', 'custom')}; for other tools: "
        "export AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
    )


def _digest(found: ProbeResult, row: Provider) -> CheckResult:
    if found.digest is None:
        return CheckResult(
            name="deletion",
            state="warning",
            found="DeleteObjects (bulk deletion) is not supported or not allowed; chaninfra does not use it",
        )
    if found.digest == "checksum":
        return CheckResult(
            name="deletion", state="ok", found="calls that need a digest of the body accept the newer checksums"
        )
    known = row.digest.value == "content-md5"
    return CheckResult(
        name="deletion",
        state="ok" if known else "warning",
        found="calls that need a digest of the body accept only Content-MD5; chaninfra sends it"
        + ("" if known else _expected(row, row.digest.value)),
    )


def _listing(found: ProbeResult) -> CheckResult:
    if found.listing == "at-once":
        return CheckResult(name="list-after-write", state="ok", found="a listing shows a new object at once")
    return CheckResult(
        name="list-after-write",
        state="warning",
        found="a listing does not show a new object at once",
        remedy="wait some minutes between an upload by another tool and `chaninfra reindex`",
    )


def _missing(found: ProbeResult) -> CheckResult:
    if found.missing == 404:
        return CheckResult(name="missing-key", state="ok", found="404 for a key that does not exist")
    return CheckResult(
        name="missing-key",
        state="failed",
        found=f"{found.missing} for a key that does not exist, which stops pixi and chaninfra",
        remedy="allow s3:ListBucket on the whole bucket for these credentials and for every reader",
    )


def _missing_anonymous(found: ProbeResult, descriptor: Descriptor) -> CheckResult:
    name = "missing-key-anonymous"
    status = found.missing_anonymous
    if status is None:
        answer = "an anonymous request for a missing key was not answered"
    else:
        answer = f"{status} for a key that does not exist, without credentials"
    # If readers use another domain, the endpoint's answer says nothing about theirs.
    by_endpoint = descriptor.public_url == descriptor.location.url(descriptor.prefix)
    if status == 404:
        return CheckResult(name=name, state="ok", found=answer)
    if not by_endpoint:
        return CheckResult(name=name, state="ok", found=f"{answer} (readers of this channel make no such requests)")
    return CheckResult(
        name=name,
        state="failed",
        found=f"{answer}: pixi stops instead of trying the next file",
        remedy="allow s3:ListBucket for everybody",
    )


def _scratch(found: ProbeResult) -> CheckResult:
    swept = f"; {found.swept} scratch objects of an earlier probe were deleted" if found.swept else ""
    left, remedies = [], []
    if found.keeps_uploads:
        left.append(f"uploads below {PROBE_FOLDER} were left open, because the store refuses to abort them")
        remedies.append("allow s3:AbortMultipartUpload, or let them expire (`open-uploads-days`)")
    if found.keeps_versions:
        left.append(
            "the bucket keeps old versions, and these credentials may not delete them (with Object Lock nobody may, "
            "until their retention ends)"
        )
        remedies.append(
            "allow s3:ListBucketVersions and s3:DeleteObjectVersion, or let them expire (`old-versions-days`)"
        )
    return CheckResult(
        name="scratch",
        state="warning" if left else "ok",
        found=("; ".join(left) or "nothing was left behind") + swept,
        remedy="; ".join(remedies) or None,
    )
