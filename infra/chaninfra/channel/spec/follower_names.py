"""Names of what follows the channels of a bucket on AWS: function, queues, rules, log group and IAM role."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from chaninfra.channel.spec.model import StackSpec

# EventBridge and Lambda take 64 characters; the longest ending of a rule's name, `-events-` and six digits, has 14.
_LONGEST = 50
_LONGEST_ROLE = 64


@dataclass(frozen=True, kw_only=True)
class FollowerNames:
    """The names; they follow from the bucket, so that who looks for them finds them."""

    function: str
    queue: str
    dead_letters: str
    """The queue of the messages that could not be worked on."""
    log_group: str
    role: str
    _base: str

    def events(self, prefix: str) -> str:
        """The EventBridge rule for the events of the channel at `prefix`."""
        return f"{self._base}-events-{_digest(prefix)[:6]}"

    def of(self, what: str) -> str:
        """The EventBridge rule that starts the function for a task by the clock, or an alarm."""
        return f"{self._base}-{what}"


def follower_names(stack: StackSpec) -> FollowerNames:
    """The names for a stack: BUCKET-follow and what is appended to it.

    Several stacks may have channels in an adopted bucket, so there a digest of the first of the stack's prefixes is
    added. Characters that Lambda does not take are replaced, long names are cut off, and then a digest is added too.
    """
    bucket = stack.bucket
    others = [min(channel.prefix for channel in stack.channels)] if bucket.adopt else []
    base = _shortened(f"{bucket.name}-follow", others, _LONGEST)
    return FollowerNames(
        function=base,
        queue=base,
        dead_letters=f"{base}-dead",
        log_group=f"/aws/lambda/{base}",
        role=_shortened(f"{bucket.aws.roles.name_prefix}{bucket.name}-follow", others, _LONGEST_ROLE),
        _base=base,
    )


def _shortened(full: str, others: list[str], longest: int) -> str:
    plain = full.replace(".", "-")
    if plain == full and len(plain) <= longest and not others:
        return plain
    end = _digest("\0".join([full, *others]))[:8]
    return f"{plain[: longest - len(end) - 1]}-{end}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
