"""Guard rails for stacks with conda channels: policies for a Pulumi policy pack, see docs/guard-rails.md.

Pass `policies()` to a `pulumi_policy.PolicyPack`, as `templates/policy-pack` does. Nothing here creates resources, so a
pack needs neither pulumi-aws nor the stack's program: the extra `policy` is enough.
"""

from chaninfra.guard_rails.pack import policies

__all__ = ["policies"]
