"""The page of the guard rails: what people wrote, with the rules as the code has them."""

from __future__ import annotations

from chaninfra.guard_rails.rules import RULES, Rule, StackRule

_HEAD = """# Guard rails

A platform team can have rules checked on every stack, before anything is made: by a policy pack for Pulumi, which sees
the resources of AWS and those of S3-compatible stores, whatever program or language declares them. The pack is
[templates/policy-pack](../templates/policy-pack/README.md), whose README has the commands; it is these lines, and rules
of your own may stand beside ours:

```python
from pulumi_policy import EnforcementLevel, PolicyPack

from chaninfra.guard_rails import policies

PolicyPack(name="conda-channels", policies=policies(), enforcement_level=EnforcementLevel.MANDATORY)
```

`pip install 'chaninfra[policy]'` is all that it needs. How strictly a rule holds, and what it lets pass, stands in the
file that `--policy-pack-config` names. What is not named there is not allowed: no channel is public, and every account,
organization, repository and issuer is foreign, your own account too.

A message names the resource, what is wrong, and the key of the stack config that mends it:

```text
bucket-versioning: versioning is Suspended; set `versioning` to true
```

## The rules
"""

_TAIL = """
## What a preview cannot know

The preview of a new stack does not know what AWS has yet to name, and says which rule it could not apply: to the trust
policy of a role whose OIDC provider is yet to be made, and to the policy of a bucket that names a CDN or an access key.
`pulumi up` knows it before it makes the role or the policy, and stops there. With `aws.existing-oidc-providers` the
preview knows it too.

`pulumi up` makes nothing where its preview finds what is not allowed. With `--skip-preview` it makes what is allowed,
until it comes to what is not.

A rule looks at what the stack declares. What was changed by hand afterwards shows after `pulumi refresh`; who gets
access by the policies of IAM users and roles elsewhere in an account does not.
"""


def guard_rails() -> str:
    """The whole page."""
    return "".join([_HEAD, *(_section(rule) for rule in RULES), _TAIL])


def _section(rule: Rule | StackRule) -> str:
    rows = [
        f"| `{key}` | {setting.description} | {', '.join(f'`{each}`' for each in setting.default)} |\n"
        for key, setting in rule.config.items()
    ]
    head = "| key | what, as a list | default |\n|---|---|---|\n"
    return f"\n### {rule.name}\n\n{rule.description}\n\n{head}{''.join(rows)}"
