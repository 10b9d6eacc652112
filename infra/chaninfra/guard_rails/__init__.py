"""Guard rails for stacks with conda channels: policies for a Pulumi policy pack, see docs/guard-rails.md.

Pass `policies()` to a `pulumi_policy.PolicyPack`, as `templates/policy-pack` does. Nothing here creates resources, so a
pack needs neither pulumi-aws nor the stack's program: the extra `policy` is enough.
"""

from chaninfra.channel.extras import require

require("policy", what="chaninfra.guard_rails")

# After the check: it imports pulumi-policy.
from chaninfra.guard_rails.pack import policies  # noqa: E402

__all__ = ["policies"]
