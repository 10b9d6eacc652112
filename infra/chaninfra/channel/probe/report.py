"""What a probe found, beside what the provider's row says and what the channel declares: a result for each fact."""

from __future__ import annotations

from chaninfra.channel.conda.object_names import PROBE_FOLDER
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.finding import CheckResult
from chaninfra.channel.probe.probe import Findings, Verdict, probe
from chaninfra.channel.probe.write_mode import SINGLE, write_mode
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Capability, Provider
from chaninfra.channel.s3.credentials import Credentials

_VERDICTS: dict[Verdict, str] = {
    "honoured": "honoured",
    "ignored": "not honoured: the write was done though its condition does not hold",
    "rejected": "not honoured: the store refuses every such write",
}


def examine(descriptor: Descriptor, credentials: Credentials) -> tuple[Findings, tuple[CheckResult, ...]]:
    """What the store of a channel does, and a result for each fact. Raises what `probe.probe` raises."""
    found = probe(descriptor.location, credentials, descriptor.prefix)
    # A descriptor of a later version may name a provider that this one has no row of.
    return found, report(found, PROVIDERS.get(descriptor.provider, PROVIDERS["custom"]), descriptor)


def report(found: Findings, row: Provider, descriptor: Descriptor) -> tuple[CheckResult, ...]:
    """A result for each fact, in the order in which one would mend them; pure."""
    return (
        _region(found),
        _addressing(found, row, descriptor),
        _conditional("conditional-create", found.create, found, row, descriptor),
        _conditional("conditional-replace", found.replace, found, row, descriptor),
        _multipart(found, row, descriptor),
        _checksums(found, row),
        _digest(found, row),
        _listing(found),
        _missing(found),
        _missing_anonymous(found, descriptor),
        _scratch(found),
    )


def _region(found: Findings) -> CheckResult:
    if found.refused_region is not None:
        return CheckResult(
            name="region",
            state="failed",
            found=f"the store refuses {found.refused_region!r} and says that it is {found.region!r}",
            remedy=f"set `region` to {found.region}",
        )
    said = found.reported_region
    more = f"; the store itself says {said!r}" if said not in (None, found.region) else ""
    return CheckResult(name="region", state="ok", found=f"{found.region!r} is accepted{more}")


def _addressing(found: Findings, row: Provider, descriptor: Descriptor) -> CheckResult:
    declared = "path" if descriptor.force_path_style else "virtual-host"
    works = " and ".join(found.addressing)
    if declared not in found.addressing:
        return CheckResult(
            name="addressing",
            state="failed",
            found=f"{declared} does not work, {works} does",
            remedy=f"set `force-path-style` to {str(not descriptor.force_path_style).lower()}",
        )
    said = row.addressing.value
    more = "" if said in found.addressing else f"; the row of `{row.name}` says {said}"
    return CheckResult(name="addressing", state="ok", found=f"{works} works{more}")


def _conditional(
    name: Capability, verdict: Verdict, found: Findings, row: Provider, descriptor: Descriptor
) -> CheckResult:
    says = _VERDICTS[verdict] + _beside(row, name, verdict)
    if verdict == "honoured":
        return CheckResult(name=name, state="ok", found=says)
    if write_mode(descriptor.index.writers, found.conditional_writes) == "refused":
        return CheckResult(
            name=name, state="failed", found=f"{says}; two writers could overwrite each other", remedy=SINGLE
        )
    return CheckResult(name=name, state="warning", found=f"{says}; one writer at a time, as declared")


def _multipart(found: Findings, row: Provider, descriptor: Descriptor) -> CheckResult:
    line = _conditional("conditional-multipart", found.multipart, found, row, descriptor)
    if found.create == "honoured" and found.multipart != "honoured":
        says = _VERDICTS[found.multipart] + _beside(row, "conditional-multipart", found.multipart)
        return CheckResult(
            name=line.name, state="warning", found=f"{says}; packages go up in one piece, which ends at 5 GiB"
        )
    return line


def _beside(row: Provider, capability: Capability, verdict: Verdict) -> str:
    said = row.capabilities[capability].value
    if said == "unknown" or (said == "yes") == (verdict == "honoured"):
        return ""
    return f"; the row of `{row.name}` says {said}"


def _checksums(found: Findings, row: Provider) -> CheckResult:
    if found.checksums == "accepted":
        return CheckResult(name="checksums", state="ok", found="the checksums that AWS's SDKs send are accepted")
    known = row.checksums.value == "when_required"
    return CheckResult(
        name="checksums",
        state="ok" if known else "warning",
        found="the checksums that AWS's SDKs send are refused; chaninfra sends none"
        + ("" if known else f"; the row of `{row.name}` says {row.checksums.value}"),
        remedy="for other tools: export AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
    )


def _digest(found: Findings, row: Provider) -> CheckResult:
    if found.digest is None:
        return CheckResult(
            name="deletion",
            state="warning",
            found="DeleteObjects is not there or not allowed",
            remedy="delete objects one by one, with the store's own tools",
        )
    if found.digest == "checksum":
        return CheckResult(name="deletion", state="ok", found="DeleteObjects needs no Content-MD5")
    known = row.digest.value == "content-md5"
    return CheckResult(
        name="deletion",
        state="ok" if known else "warning",
        found="DeleteObjects needs Content-MD5; chaninfra sends it"
        + ("" if known else f"; the row of `{row.name}` says {row.digest.value}"),
    )


def _listing(found: Findings) -> CheckResult:
    if found.listing == "at-once":
        return CheckResult(name="list-after-write", state="ok", found="a listing shows at once what was written")
    return CheckResult(
        name="list-after-write",
        state="warning",
        found="a listing does not show at once what was written",
        remedy="let some minutes pass between an upload by another tool and `chaninfra reindex`",
    )


def _missing(found: Findings) -> CheckResult:
    if found.missing == 404:
        return CheckResult(name="missing-key", state="ok", found="404 for a key that is not there")
    return CheckResult(
        name="missing-key",
        state="failed",
        found=f"{found.missing} for a key that is not there, where pixi stops and chaninfra too",
        remedy="give these credentials, and every reader, s3:ListBucket on the whole bucket",
    )


def _missing_anonymous(found: Findings, descriptor: Descriptor) -> CheckResult:
    name = "missing-key-anonymous"
    said = found.missing_anonymous
    answer = "no answer" if said is None else f"{said} for a key that is not there"
    # Where readers come by another domain, the endpoint's answer says nothing of theirs.
    by_endpoint = descriptor.public_url == descriptor.location.url(descriptor.prefix)
    if not by_endpoint or said == 404:
        return CheckResult(name=name, state="ok", found=f"{answer}, without credentials")
    return CheckResult(
        name=name,
        state="failed",
        found=f"{answer}, without credentials, where pixi stops instead of trying the next file",
        remedy="let everybody list the bucket too (s3:ListBucket), or keep every format in `index.formats`",
    )


def _scratch(found: Findings) -> CheckResult:
    swept = f"; {found.swept} scratch objects of an earlier probe were deleted" if found.swept else ""
    left, remedies = [], []
    if found.keeps_uploads:
        left.append(f"an upload below {PROBE_FOLDER} was left open, since the store refuses to abort it")
        remedies.append("give s3:AbortMultipartUpload, or let it expire (`open-uploads-days`)")
    if found.keeps_versions:
        left.append("the bucket keeps old versions, and these credentials may not delete them")
        remedies.append(
            "give s3:ListBucketVersions and s3:DeleteObjectVersion, or let them expire (`old-versions-days`)"
        )
    return CheckResult(
        name="scratch",
        state="warning" if left else "ok",
        found=("; ".join(left) or "nothing was left behind") + swept,
        remedy="; ".join(remedies) or None,
    )
