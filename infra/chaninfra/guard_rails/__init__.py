"""Guard rails for stacks with conda channels: the policies of a policy pack for Pulumi.

`policies()` goes into a `pulumi_policy.PolicyPack`; `templates/policy-pack` is one. Nothing here makes resources, so
a pack needs neither pulumi-aws nor the stack's program: the extra `policy` is enough.
"""

from chaninfra.guard_rails.pack import policies

__all__ = ["policies"]
