"""The table of checks, and the runner that runs them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.probe.finding import CheckResult, Finding
from chaninfra.channel.text import nearest
from chaninfra.doctor.checks import (
    anonymous,
    channeldata,
    credentials,
    descriptor,
    endpoint,
    follow,
    headers,
    index_files,
    left_out,
    location,
    names,
    notices,
    page,
    patches,
    permissions,
    pixi_client,
    snapshots,
    withdrawn,
    write_mode,
)
from chaninfra.doctor.remedies import filled
from chaninfra.index.progress import SILENT, Progress

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

CheckFunction = Callable[["Examination"], Iterator[Finding]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check. `title` says what is true if it passes; `function` yields at least one finding, or raises."""

    title: str
    function: CheckFunction
    needs: tuple[str, ...] = ()
    """The checks that must pass before this one; they are run even if only this one is chosen."""
    spoiled_by: tuple[str, ...] = ()
    """Checks whose failure has a cause that makes this one fail too; if one was skipped, this one still runs."""


CHECKS: dict[str, Check] = {
    "endpoint": Check(title="the endpoint answers", function=endpoint.endpoint),
    "tls": Check(title="the endpoint's certificate is trusted", function=endpoint.tls, needs=("endpoint",)),
    "clock": Check(title="the clocks of this machine and of the store agree", function=endpoint.clock, needs=("tls",)),
    "credentials": Check(title="credentials are found, and the store accepts them", function=credentials.credentials),
    "region": Check(
        title="requests are signed for the bucket's region",
        function=location.region,
        needs=("tls", "clock", "credentials"),
    ),
    "addressing": Check(
        title="the addressing style (path or virtual-host) works", function=location.addressing, needs=("region",)
    ),
    "bucket": Check(title="the bucket exists", function=location.bucket, needs=("addressing",)),
    "reading": Check(title="these credentials may read objects", function=permissions.reading, needs=("bucket",)),
    "listing": Check(
        title="these credentials may list objects, and the store answers 404 for a missing one",
        function=permissions.listing,
        needs=("reading",),
    ),
    "descriptor": Check(
        title="channel.json exists and describes this channel", function=descriptor.descriptor, needs=("reading",)
    ),
    "writing": Check(
        title="writers cannot overwrite each other, or only one is declared",
        function=write_mode.writing,
        needs=("descriptor",),
    ),
    "publishing": Check(
        title="these credentials may write what their role (`--as`) writes",
        function=permissions.publishing,
        needs=("descriptor", "writing"),
    ),
    "anonymous": Check(
        title="anonymous access is as declared (`visibility`)", function=anonymous.anonymous, needs=("descriptor",)
    ),
    "patches": Check(
        title="the patches of records can be read, and none is left half removed",
        function=patches.patches,
        needs=("listing", "descriptor"),
    ),
    "index": Check(
        title="the index files are valid and agree with each other, and none is behind or left over",
        function=index_files.index,
        needs=("listing", "descriptor", "patches"),
    ),
    "headers": Check(
        title="the index files have the right Content-Type and Cache-Control",
        function=headers.headers,
        needs=("descriptor",),
    ),
    "packages": Check(
        title="the index lists exactly the packages in the bucket", function=index_files.packages, needs=("index",)
    ),
    "follow": Check(
        title="where `index.follow` is declared, something follows the channel",
        function=follow.follow,
        needs=("reading", "descriptor"),
    ),
    "left-out": Check(
        title="`chaninfra follow`, if it runs, could index every package, and holds none back",
        function=left_out.left_out,
        needs=("reading", "descriptor"),
    ),
    "snapshots": Check(
        title="each snapshot has its index and its shards, none is left half made or half removed, and where "
        "`snapshots` is declared, none is overdue",
        function=snapshots.snapshots,
        needs=("listing", "descriptor"),
    ),
    "withdrawn": Check(
        title="no deletion of a package was stopped, and no deleted package is there again",
        function=withdrawn.withdrawn,
        needs=("listing", "descriptor"),
    ),
    "notices": Check(
        title="notices.json, if there is one, is what clients can read, and holds no expired notice",
        function=notices.notices,
        needs=("listing", "descriptor"),
    ),
    "channeldata": Check(
        title="channeldata.json, where the channel has it, has all commits that it should have",
        function=channeldata.channeldata,
        needs=("listing", "descriptor"),
    ),
    "page": Check(
        title="the page of the channel, if it has one, is there, is that of this chaninfra, and opens in a browser",
        function=page.page,
        needs=("reading", "descriptor"),
        spoiled_by=("anonymous",),
    ),
    "yanks": Check(
        title="no yanked package is in the index, and yanked.json says what the index says",
        function=index_files.yanks,
        needs=("index",),
    ),
    "garbage": Check(title="no object is overdue for deletion by `gc`", function=index_files.garbage, needs=("index",)),
    "names": Check(
        title="no package has a name from the list of `--names-from`", function=names.names, needs=("index",)
    ),
    "reader": Check(
        title="pixi's client reads the channel with the settings of `manifest`",
        function=pixi_client.reader,
        needs=("descriptor",),
        spoiled_by=("anonymous", "index"),
    ),
}
"""In the order in which to fix what they find; a check needs only checks above it."""

_ON_REQUEST = ("names",)
"""The checks that run by default only if their option is given."""


def chosen(names: Sequence[str], exam: Examination) -> list[str]:
    """The names in table order; without names, those of all checks that apply. Raises ConfigurationError."""
    check_names(names)
    wanted = set(names) or {name for name in CHECKS if name not in _ON_REQUEST or exam.names is not None}
    return [name for name in CHECKS if name in wanted]


def check_names(names: Sequence[str]) -> None:
    """Raise ConfigurationError if a name is not that of a check."""
    for name in names:
        if name not in CHECKS:
            raise ConfigurationError(f"there is no check {name!r}", where="--check", remedy=nearest(name, CHECKS))


def run(exam: Examination, names: Sequence[str], progress: Progress = SILENT) -> list[CheckResult]:
    """The results of these checks, in table order, and the failures of other checks that they need."""
    done: dict[str, list[CheckResult]] = {}

    def results(name: str) -> list[CheckResult]:
        if name not in done:
            check = CHECKS[name]
            causes = [
                result for need in check.needs for result in results(need) if result.state in ("failed", "skipped")
            ]
            causes += [result for other in check.spoiled_by for result in results(other) if result.state == "failed"]
            findings = [_skipped(causes[0])] if causes else _findings(check, exam)
            done[name] = [filled(finding.of(name), exam.remedies) for finding in findings]
        return done[name]

    progress.stage("checking", len(names), unit="check")
    for name in names:
        progress.at(name)
        results(name)
        progress.done()
    shown = [name for name in CHECKS if name in done]
    return [result for name in shown for result in done[name] if name in names or result.state == "failed"]


def listing() -> list[tuple[str, str]]:
    """(name, title) of each check."""
    return [(name, check.title) for name, check in CHECKS.items()]


def _findings(check: Check, exam: Examination) -> list[Finding]:
    try:
        return [*check.function(exam)]
    except ChaninfraError as error:
        # An error that the check does not handle itself, for example from the store.
        return [Finding(state="failed", found=error.summary, remedy=error.remedy)]


def _skipped(cause: CheckResult) -> Finding:
    # The cause of a skipped check is that of the check that failed, or was skipped, first.
    found = cause.found if cause.state == "skipped" else f"cannot be checked because `{cause.name}` failed"
    return Finding(state="skipped", found=found)
