"""The policy pack: the rules of chaninfra, each mandatory unless the config says otherwise."""

from pulumi_policy import EnforcementLevel, PolicyPack

from chaninfra.guard_rails import policies

PolicyPack(name="conda-channels", policies=policies(), enforcement_level=EnforcementLevel.MANDATORY)
