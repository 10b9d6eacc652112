"""Whether whoever copies may write the documents that the copy changes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import msgspec

from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.errors import CredentialsError, DeniedError, remedy_if_denied
from chaninfra.channel.text import count, few, one_line
from chaninfra.index.channel import Channel
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.copy.plan import Plan, SubdirPlan, Task
from chaninfra.index.copy.records import record_fields
from chaninfra.index.patches.document import prove_writable as prove_patches
from chaninfra.index.yanked_document import prove_writable as prove_yanks

_SHOWN = 5
_PROMOTERS = (
    "what the source changes of its packages' records becomes patches here, which only maintainers and promoters may "
    "write: use the key or role of one; `chaninfra doctor --as maintainer` says what is missing"
)


def prove_rights(channel: Channel, plan: Plan) -> None:
    """Write the documents that the copy changes as they are. Raises DeniedError for whoever may not.

    Where the source does not tell of patches, they are only known once the packages were read.
    """
    for subdir in plan.subdirs:
        if any(_may_patch(subdir, task) for task in subdir.tasks):
            with remedy_if_denied(_PROMOTERS):
                prove_patches(subdir.target)
    yanks = {
        task.package.path_in_channel: msgspec.structs.replace(task.package.yank, record=record_fields(task.package))
        for task in plan.tasks
        if task.package.yank is not None
    }
    if yanks:
        document, condition = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))
        after = msgspec.structs.replace(document, packages={**yanks, **document.packages})
        try:
            prove_yanks(channel, document, condition, after)
        except CredentialsError:
            raise
        except DeniedError as error:
            raise _may_not_yank(error, sorted(yanks)) from error


def role_needed(plan: Plan) -> tuple[str, str]:
    """Whose key or role the copy takes, as in "of a …", and why, to go on with; nothing is asked of the store."""
    yanked = sum(task.package.yank is not None for task in plan.tasks)
    if yanked:
        return "a maintainer", f", since {_are(yanked)} yanked in the source"
    patching = [task for subdir in plan.subdirs for task in subdir.tasks if _may_patch(subdir, task)]
    if not patching:
        return "a publisher", ""
    told = all(task.told for task in patching)
    patched = f"{_are(len(patching))} patched in the source, or here by an earlier copy"
    why = patched if told else "the source does not tell what it has patched"
    return "a maintainer or promoter", f", since {why}"


def _are(number: int) -> str:
    return f"{count(number, 'package')} {'is' if number == 1 else 'are'}"


def _may_not_yank(error: DeniedError, yanked: Sequence[str]) -> DeniedError:
    options = " ".join(f"--exclude {shlex.quote(one_line(path))}" for path in yanked[:_SHOWN])
    return DeniedError(
        f"the source has yanked {few(yanked, _SHOWN)}, and only maintainers may yank here: {error.message}",
        where=error.where,
        remedy=f"leave them out: {options}; or use the key or role of a maintainer",
        code=error.code,
        status=error.status,
    )


def _may_patch(subdir: SubdirPlan, task: Task) -> bool:
    if task.own:
        return False
    return not task.told or task.patch is not None or task.package.file in subdir.patches
