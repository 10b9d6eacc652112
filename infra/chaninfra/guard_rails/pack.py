"""The rules as policies of pulumi-policy."""

from __future__ import annotations

from pulumi_policy import (
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

    How strictly each holds is for the pack to say: its `enforcement_level`, its `initial_config`, or the file given by
    `--policy-pack-config`. A rule that needs a value which a preview does not know yet says so as an advice, and is
    applied by `pulumi up` before the resource is made.
    """
    return [_of_stack(rule) if isinstance(rule, StackRule) else _of_resource(rule) for rule in RULES]


def _of_resource(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for found in rule.check(Resource(args.resource_type, args.name, args.props), args.get_config()):
            report(found, None)

    return ResourceValidationPolicy(
        name=rule.name, description=rule.description, validate=validate, config_schema=_schema(rule)
    )


def _of_stack(rule: StackRule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        there = {each.urn: Resource(each.resource_type, each.name, each.props) for each in args.resources}
        for urn, found in rule.check(there, args.get_config()):
            report(found, urn)

    return StackValidationPolicy(
        name=rule.name, description=rule.description, validate=validate, config_schema=_schema(rule)
    )


def _schema(rule: Rule | StackRule) -> PolicyConfigSchema:
    """Every key is a list of texts."""
    return PolicyConfigSchema(
        properties={
            key: {
                "type": "array",
                "items": {"type": "string"},
                "description": setting.description,
                "default": list(setting.default),
            }
            for key, setting in rule.config.items()
        }
    )
