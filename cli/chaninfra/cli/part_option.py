"""The option `--part`: which part of the packages this job of an array of jobs does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown

if TYPE_CHECKING:
    from chaninfra.channel.outputs.descriptor import Descriptor
    from chaninfra.index.part import Part

OPTION = "--part"
MOST = 64
"""Most parts: a commit is tried a hundred times, and an attempt is lost only to another part that has committed."""
PartOption = Annotated[
    str | None,
    typer.Option(
        OPTION,
        metavar="K/N",
        help="Do part K of N of the packages only, beside the jobs that do the others. With `/N` K is the index that "
        "AWS Batch, Kubernetes or Slurm gives this job; with `auto` N is the size of the array job of AWS Batch, too.",
    ),
]
_BATCH_SIZE = "AWS_BATCH_JOB_ARRAY_SIZE"
_FIRST = {"AWS_BATCH_JOB_ARRAY_INDEX": 0, "JOB_COMPLETION_INDEX": 0, "SLURM_ARRAY_TASK_ID": 1}
"""The variable that has the index of a job of an array → the index of the first one: those of Slurm are the user's, who
writes `--array=1-8`."""


def part_of(given: str | None, environment: Mapping[str, str] | None = None) -> Part | None:
    """The part that was given with the option; None: none was, so all packages are meant. `environment`: variables, by
    default those of this process. Raises ConfigurationError.
    """
    if given is None:
        return None
    # Imported here, since most commands are given none.
    import os
    import re

    from chaninfra.index.part import Part

    form = re.fullmatch(r"([0-9]{0,6})/([0-9]{1,6})|auto", given)
    if form is None:
        raise _error(f"{shown(given)} is not a part", "write K/N, for example 3/8; or /8 in an array of jobs")
    number, count = form[1], form[2]
    if number:
        return Part(number=_within(int(number), int(count), OPTION, first=1), count=int(count))
    variables = os.environ if environment is None else environment
    found = [name for name in _FIRST if variables.get(name)]
    example = f"give the part, for example {OPTION} 3/8"
    if len(found) != 1:
        problem = f"{' and '.join(found)} are both set" if found else f"none of {', '.join(_FIRST)} is set"
        raise _error(f"{shown(given)} takes the number from the index of a job, but {problem}", example)
    (name,) = found
    size = _whole(variables, _BATCH_SIZE) if name.startswith("AWS") and variables.get(_BATCH_SIZE) else None
    if count is None and size is None:
        raise _error(
            f"{shown(given)} takes the number of parts from {_BATCH_SIZE}, which is not set",
            f"give the number of jobs, for example {OPTION} /8",
        )
    if count is not None and size not in (None, int(count)):
        raise _error(f"{size:,} jobs do not do {int(count):,} parts", f"give {OPTION} auto", _BATCH_SIZE)
    parts = int(count) if count is not None else size or 0
    index = _within(_whole(variables, name), parts, name, first=_FIRST[name])
    return Part(number=index + 1 - _FIRST[name], count=parts)


def check_shared(part: Part | None, descriptor: Descriptor) -> None:
    """Raise ConfigurationError where parts could not write the channel beside each other."""
    if part is None or part.count == 1 or descriptor.index.writers != "single":
        return
    from chaninfra.channel.probe.write_mode import honoured, is_known, write_mode

    if is_known(descriptor) and write_mode("single", honoured(descriptor)) == "conditional":
        return
    raise ConfigurationError(
        "the channel may have one writer at a time, since its store has no conditional writes, or is not known to have "
        "them; jobs that share the work would lose each other's packages",
        where=OPTION,
        key=("index", "writers"),
        remedy=f"run one job, without {OPTION}",
    )


def _within(index: int, count: int, where: str, first: int) -> int:
    """The index of one of so many parts, which are numbered from `first`."""
    if not 1 <= count <= MOST:
        raise _error(f"{count:,} parts are not possible", f"share the packages among 1 to {MOST} jobs")
    if not first <= index < first + count:
        raise _error(
            f"there is no part {index:,} of {count:,}", f"number them from {first} to {first + count - 1}", where
        )
    return index


def _whole(variables: Mapping[str, str], name: str) -> int:
    text = variables[name]
    if not (text.isascii() and text.isdigit() and len(text) <= len("999999")):
        raise _error(f"{shown(text)} is not a number of a job", f"give the part, for example {OPTION} 3/8", name)
    return int(text)


def _error(message: str, remedy: str, where: str = OPTION) -> ConfigurationError:
    return ConfigurationError(message, where=where, remedy=remedy)
