"""aws:iam/role:Role and aws:iam/rolePolicy:RolePolicy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import code, refusal, reported
from support.pulumi.standin.policies import as_written
from support.pulumi.standin.properties import Table
from support.pulumi.standin.values import Bag

from .iam_table import ROLE, ROLE_POLICY
from .names import full_name, prefix_of, with_name
from .resource import carried_over
from .tags import own_tags, to_list, to_map, with_all_tags

_NAME = ("name", "namePrefix")

# "IAM and AWS STS quotas" in the IAM User Guide: the default length of a trust policy, and of all inline policies of a
# role together. "IAM doesn't count white space." moto has neither limit.
TRUST_QUOTA = 2048
INLINE_QUOTA = 10240


@dataclass(frozen=True)
class Role:
    token: str = "aws:iam/role:Role"
    named_by: str = "name"

    @property
    def table(self) -> Table:
        return ROLE

    @property
    def arguments(self) -> type:
        return named("pulumi_aws.iam.RoleArgs")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        return with_name(_as_text(inputs, "assumeRolePolicy"), old, _NAME, name, longest=64)

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return with_all_tags(aws, inputs)

    def create(self, aws: Aws, inputs: Bag) -> str:
        iam, name = aws.client("iam"), full_name(inputs, _NAME)
        given = {
            "Description": inputs.get("description"),
            "MaxSessionDuration": inputs.get("maxSessionDuration"),
            "PermissionsBoundary": inputs.get("permissionsBoundary"),
            "Tags": to_list(self.planned(aws, inputs)["tagsAll"]),
        }
        trust = inputs["assumeRolePolicy"]
        with reported(f"creating IAM Role ({name})", "IAM"):
            _check_quota("CreateRole", trust)
            iam.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=trust,
                Path=inputs.get("path", "/"),
                **{argument: value for argument, value in given.items() if value},
            )
            _check_trust(iam, name, trust)
        return name

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        with reported(f"reading IAM Role ({id_})", "IAM"):
            role = _found(aws.client("iam").get_role, RoleName=id_)
        if role is None:
            return None
        role = role["Role"]
        return {
            **carried_over(ROLE, state),
            "arn": role["Arn"],
            "assumeRolePolicy": as_written(state.get("assumeRolePolicy"), json.dumps(role["AssumeRolePolicyDocument"])),
            "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": role.get("Description"),
            "maxSessionDuration": role["MaxSessionDuration"],
            "name": role["RoleName"],
            "namePrefix": prefix_of(role["RoleName"]),
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "uniqueId": role["RoleId"],
            **own_tags(aws, to_map(role.get("Tags", [])), state),
        }

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        iam, where = aws.client("iam"), {"RoleName": id_}

        def changed(name: str) -> bool:
            return bool((inputs.get(name) or ROLE[name].default) != (state.get(name) or ROLE[name].default))

        if changed("assumeRolePolicy"):
            with reported(f"updating IAM Role ({id_}) assume role policy", "IAM"):
                _check_quota("UpdateAssumeRolePolicy", inputs["assumeRolePolicy"])
                iam.update_assume_role_policy(**where, PolicyDocument=inputs["assumeRolePolicy"])
        if changed("description") or changed("maxSessionDuration"):
            with reported(f"updating IAM Role ({id_}) MaxSessionDuration", "IAM"):
                # The provider makes two calls of this; moto forgets a description that this call does not name.
                iam.update_role(
                    **where,
                    Description=inputs.get("description", ""),
                    MaxSessionDuration=inputs.get("maxSessionDuration", ROLE["maxSessionDuration"].default),
                )
        if changed("permissionsBoundary"):
            if boundary := inputs.get("permissionsBoundary"):
                with reported(f"updating IAM Role ({id_}) permissions boundary", "IAM"):
                    iam.put_role_permissions_boundary(**where, PermissionsBoundary=boundary)
            else:
                with reported(f"deleting IAM Role ({id_}) permissions boundary", "IAM"):
                    iam.delete_role_permissions_boundary(**where)
        with reported(f"updating tags for IAM Role ({id_})", "IAM"):
            before, now = state.get("tagsAll", {}), self.planned(aws, inputs)["tagsAll"]
            if gone := before.keys() - now.keys():
                iam.untag_role(**where, TagKeys=sorted(gone))
            if now != before and now:
                iam.tag_role(**where, Tags=to_list(now))

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        iam, where = aws.client("iam"), {"RoleName": id_}
        with reported(f"deleting IAM Role ({id_})", "IAM"):
            if state.get("forceDetachPolicies"):
                attached = _found(iam.list_attached_role_policies, **where) or {"AttachedPolicies": []}
                for policy in attached["AttachedPolicies"]:
                    iam.detach_role_policy(**where, PolicyArn=policy["PolicyArn"])
                for name in _inline(iam, id_):
                    iam.delete_role_policy(**where, PolicyName=name)
            _found(iam.delete_role, **where)


@dataclass(frozen=True)
class RolePolicy:
    token: str = "aws:iam/rolePolicy:RolePolicy"
    named_by: str = "name"

    @property
    def table(self) -> Table:
        return ROLE_POLICY

    @property
    def arguments(self) -> type:
        return named("pulumi_aws.iam.RolePolicyArgs")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        return with_name(_as_text(inputs, "policy"), old, _NAME, name, longest=128)

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return inputs

    def create(self, aws: Aws, inputs: Bag) -> str:
        return self._put(aws, f"{inputs['role']}:{full_name(inputs, _NAME)}", inputs)

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        where = self._where(id_)
        with reported(f"reading IAM Role Policy ({id_})", "IAM"):
            found = _found(aws.client("iam").get_role_policy, **where)
        if found is None:
            return None
        return {
            "name": found["PolicyName"],
            "namePrefix": prefix_of(found["PolicyName"]),
            "policy": as_written(state.get("policy"), json.dumps(found["PolicyDocument"])),
            "role": found["RoleName"],
        }

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        self._put(aws, id_, inputs)

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        with reported(f"deleting IAM Role Policy ({id_})", "IAM"):
            _found(aws.client("iam").delete_role_policy, **self._where(id_))

    def _put(self, aws: Aws, id_: str, inputs: Bag) -> str:
        iam, where = aws.client("iam"), self._where(id_)
        role, name = where["RoleName"], where["PolicyName"]
        with reported(f"putting IAM Role ({role}) Policy ({name})", "IAM"):
            others = {other: policy for other, policy in _inline(iam, role).items() if other != name}
            if sum(map(_size, [*others.values(), inputs["policy"]])) > INLINE_QUOTA:
                message = f"Maximum policy size of {INLINE_QUOTA} bytes exceeded for role {role}"
                raise refusal("PutRolePolicy", 409, "LimitExceeded", message)
            iam.put_role_policy(**where, PolicyDocument=inputs["policy"])
        return id_

    @staticmethod
    def _where(id_: str) -> dict[str, str]:
        role, _, name = id_.partition(":")
        return {"RoleName": role, "PolicyName": name}


def _found(call: Any, **arguments: Any) -> Any:
    """What `call` answers; None if the entity is not there."""
    try:
        return call(**arguments)
    except ClientError as error:
        if code(error) != "NoSuchEntity":
            raise
        return None


def _inline(iam: Any, role: str) -> Mapping[str, str]:
    """The inline policies of a role, by name."""
    names = (_found(iam.list_role_policies, RoleName=role) or {"PolicyNames": []})["PolicyNames"]
    return {name: json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names}


def _as_text(inputs: Bag, policy: str) -> Bag:
    """pulumi-aws turns a policy written as an object into text."""
    return {**inputs, policy: json.dumps(inputs[policy])} if isinstance(inputs.get(policy), dict) else inputs


def _size(policy: str) -> int:
    return len("".join(policy.split()))


def _check_quota(operation: str, trust: str) -> None:
    if _size(trust) > TRUST_QUOTA:
        message = f"Cannot exceed quota for ACLSizePerRole: {TRUST_QUOTA}"
        raise refusal(operation, 409, "LimitExceeded", message)


def _check_trust(iam: Any, role: str, trust: str) -> None:
    """Takes a new role back if its trust policy is malformed: moto looks at one only when it is changed."""
    try:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    except ClientError as error:
        iam.delete_role(RoleName=role)
        error.operation_name = "CreateRole"
        raise
