"""The checks: one function each, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import nearest
from chaninfra.doctor.checks import (
    anonymous,
    credentials,
    descriptor,
    endpoint,
    headers,
    index_files,
    location,
    names,
    permissions,
    pixi_client,
    write_mode,
)

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Case

Function = Callable[["Case"], Iterator[Finding]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check: its function, and in `title` what holds where it passes."""

    title: str
    function: Function
    needs: tuple[str, ...] = ()
    """The checks that must have passed for this one to be judged."""
    spoiled_by: tuple[str, ...] = ()
    """Those that must not have failed, or this one would fail for the same reason."""


CHECKS: dict[str, Check] = {
    "endpoint": Check(title="something answers at the endpoint", function=endpoint.endpoint),
    "tls": Check(title="the endpoint's certificate is trusted", function=endpoint.tls, needs=("endpoint",)),
    "clock": Check(title="this machine's clock and the store's agree", function=endpoint.clock, needs=("tls",)),
    "credentials": Check(title="credentials are found, and the store accepts them", function=credentials.credentials),
    "region": Check(
        title="the region is the bucket's", function=location.region, needs=("tls", "clock", "credentials")
    ),
    "addressing": Check(
        title="path or virtual-host, whichever the store has", function=location.addressing, needs=("region",)
    ),
    "bucket": Check(title="the bucket is there", function=location.bucket, needs=("addressing",)),
    "reading": Check(
        title="these credentials may read",
        function=permissions.reading,
        needs=("bucket",),
    ),
    "listing": Check(
        title="these credentials may list, and 404 is said of what is not there",
        function=permissions.listing,
        needs=("reading",),
    ),
    "descriptor": Check(
        title="channel.json describes this channel", function=descriptor.descriptor, needs=("reading",)
    ),
    "writing": Check(
        title="writers see each other's writes, or there is one", function=write_mode.writing, needs=("descriptor",)
    ),
    "publishing": Check(
        title="what these credentials may write", function=permissions.publishing, needs=("descriptor", "writing")
    ),
    "anonymous": Check(
        title="everybody may do what is declared, and no more", function=anonymous.anonymous, needs=("descriptor",)
    ),
    "index": Check(
        title="each index file is there, can be parsed, and agrees with the others",
        function=index_files.index,
        needs=("listing", "descriptor"),
    ),
    "headers": Check(
        title="index files have their Content-Type and Cache-Control", function=headers.headers, needs=("descriptor",)
    ),
    "packages": Check(
        title="the index lists the packages that are there", function=index_files.packages, needs=("index",)
    ),
    "yanks": Check(title="what was yanked is in no index", function=index_files.yanks, needs=("index",)),
    "garbage": Check(
        title="nothing is left that `gc` should have deleted", function=index_files.garbage, needs=("index",)
    ),
    "names": Check(title="no name hides one of the list of --names-from", function=names.names, needs=("index",)),
    "reader": Check(
        title="pixi's own client reads the channel with the settings of `manifest`",
        function=pixi_client.reader,
        needs=("descriptor",),
        spoiled_by=("anonymous", "index"),
    ),
}
"""In the order in which one would mend what they find."""

_UNASKED = ("names",)
"""Those that take an option."""


def chosen(names: Sequence[str], case: Case) -> list[str]:
    """The checks of these names, in order; all that can be judged where none is named. Raises ConfigurationError."""
    check_names(names)
    wanted = set(names) or {name for name in CHECKS if name not in _UNASKED or case.names is not None}
    return [name for name in CHECKS if name in wanted]


def check_names(names: Sequence[str]) -> None:
    """Raises ConfigurationError for a check that there is not."""
    for name in names:
        if name not in CHECKS:
            raise ConfigurationError(f"there is no check {name!r}", where="--check", remedy=nearest(name, CHECKS))


def run(case: Case, names: Sequence[str]) -> list[Finding]:
    """The results of these checks, and of those that they need where these were not passed."""
    done: dict[str, list[Finding]] = {}

    def results(name: str) -> list[Finding]:
        if name not in done:
            check = CHECKS[name]
            stops = [each for need in check.needs for each in results(need) if each.state in ("failed", "skipped")]
            stops += [each for other in check.spoiled_by for each in results(other) if each.state == "failed"]
            done[name] = [_skipped(name, stops[0])] if stops else _judge(name, case)
        return done[name]

    for name in names:
        results(name)
    shown = [name for name in CHECKS if name in done]
    return [each for name in shown for each in done[name] if name in names or each.state == "failed"]


def listing() -> list[tuple[str, str]]:
    """Each check with what it says."""
    return [(name, check.title) for name, check in CHECKS.items()]


def _judge(name: str, case: Case) -> list[Finding]:
    try:
        return [*CHECKS[name].function(case)]
    except ChaninfraError as error:
        # What a check does not expect: the store failed in the midst of it.
        found = f"{error.where}: {error.message}" if error.where else error.message
        return [Finding(name=name, state="failed", found=found, remedy=error.remedy)]


def _skipped(name: str, stop: Finding) -> Finding:
    # What is skipped itself says what it waits for.
    found = stop.found if stop.state == "skipped" else f"cannot be judged without `{stop.name}`"
    return Finding(name=name, state="skipped", found=found)
