"""`docs/guard-rails.md`: a hand-written text with the table of rules."""

from __future__ import annotations

from chaninfra.guard_rails.rules import RULES, Rule, StackRule

_HEAD = """# Guard rails

A platform team can enforce rules on every stack before anything is created, with a Pulumi policy pack. It checks the
resources on AWS and on S3-compatible stores, whatever program or language declares them. The README of
[templates/policy-pack](../templates/policy-pack/README.md) has the commands. The pack consists of these lines, and you
can add your own policies:

```python
from pulumi_policy import EnforcementLevel, PolicyPack

from chaninfra.guard_rails import policies

PolicyPack(name="conda-channels", policies=policies(), enforcement_level=EnforcementLevel.MANDATORY)
```

It only needs `pip install '.[policy]'` in a clone, or [another source](installation.md). The file that
`--policy-pack-config` names sets the enforcement level of each rule, and what the rule allows. Everything else is
denied: without a config no channel may be public, and no account (not even your own), organization, repository or
issuer may have access.

A message names the resource, what is wrong, and the key of the stack config that fixes it:

```text
bucket-versioning: versioning is Suspended; set `versioning` to true
```

## The rules
"""

_TAIL = """
## Limits

In the preview of a new stack, some values are not known yet, and the preview reports which rules it could not apply:
the rules for the trust policy of an IAM role, if its OIDC provider does not exist yet, and for a bucket policy that
names a CDN or an access key. `pulumi up` knows the values before it creates the IAM role or the policy, and stops
there if a rule is violated. With `aws.existing-oidc-providers` the preview knows the OIDC provider too.

If the preview of `pulumi up` finds a violation, nothing is created. With `--skip-preview`, `pulumi up` creates
resources until it comes to one that violates a rule.

Rules check what the stack declares. Changes made by hand are checked after `pulumi refresh`. Access that the policies
of other IAM users and roles of the account give is not checked.
"""


def guard_rails() -> str:
    """The text of the page."""
    return "".join([_HEAD, *(_section(rule) for rule in RULES), _TAIL])


def _section(rule: Rule | StackRule) -> str:
    rows = [
        f"| `{key}` | {option.description} | {', '.join(f'`{each}`' for each in option.default)} |\n"
        for key, option in rule.config.items()
    ]
    head = "| key | value: a list of | default |\n|---|---|---|\n"
    return f"\n### {rule.name}\n\n{rule.description}\n\n{head}{''.join(rows)}"
