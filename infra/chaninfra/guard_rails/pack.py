"""The rules as policies for pulumi-policy."""

from __future__ import annotations

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from chaninfra.guard_rails.rules import RULES, Rule, StackRule
from chaninfra.guard_rails.statements import Resource


def policies() -> list[Policy]:
    """Every rule as a policy.

    The pack sets the enforcement levels: with its `enforcement_level`, its `initial_config`, or the file that
    `--policy-pack-config` names. If a rule needs a value that a preview does not know yet, pulumi-policy reports that
    as an advisory, and `pulumi up` applies the rule before it creates the resource.
    """
    return [_of_stack(rule) if isinstance(rule, StackRule) else _of_resource(rule) for rule in RULES]


def _of_resource(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for violation in rule.check(Resource(args.resource_type, args.name, args.props), args.get_config()):
            report(violation, None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY if rule.advisory else None,
        config_schema=_schema(rule),
    )


def _of_stack(rule: StackRule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = {each.urn: Resource(each.resource_type, each.name, each.props) for each in args.resources}
        for urn, violation in rule.check(resources, args.get_config()):
            report(violation, urn)

    return StackValidationPolicy(
        name=rule.name, description=rule.description, validate=validate, config_schema=_schema(rule)
    )


def _schema(rule: Rule | StackRule) -> PolicyConfigSchema:
    """The schema of the rule's config: every key is a list of strings."""
    return PolicyConfigSchema(
        properties={
            key: {
                "type": "array",
                "items": {"type": "string"},
                "description": option.description,
                "default": list(option.default),
            }
            for key, option in rule.config.items()
        }
    )
