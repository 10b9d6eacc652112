"""What follows a bucket on AWS, as the services say it."""

from __future__ import annotations

import json
from typing import Any

from support.servers.s3_servers import Server


class There:
    """What there is in the account of what follows the bucket."""

    def __init__(self, aws: Server, bucket: str, name: str = "") -> None:
        self._aws, self.bucket = aws, bucket
        self.name = name or f"{bucket}-follow"

    def service(self, name: str) -> Any:
        return self._aws.service(name)

    def function(self) -> Any:
        return self.service("lambda").get_function_configuration(FunctionName=self.name)

    def mappings(self) -> list[Any]:
        found = self.service("lambda").list_event_source_mappings()["EventSourceMappings"]
        return [one for one in found if one["FunctionArn"].endswith(f":{self.name}")]

    def queues(self) -> dict[str, dict[str, str]]:
        """The end of the name → attributes."""
        sqs = self.service("sqs")
        urls = sqs.list_queues(QueueNamePrefix=self.bucket).get("QueueUrls", [])
        return {
            url.rpartition("/")[2].removeprefix(self.name): sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["All"]
            )["Attributes"]
            for url in urls
        }

    def rules(self) -> dict[str, Any]:
        """The end of the name, or the prefix in the pattern → rule, with its targets."""
        events = self.service("events")
        found = {}
        for rule in events.list_rules(NamePrefix=self.bucket)["Rules"]:
            targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            keys = json.loads(rule.get("EventPattern", "{}")).get("detail", {}).get("object", {}).get("key", [])
            name = keys[0]["wildcard"].partition("/*")[0] if keys else rule["Name"].removeprefix(f"{self.name}-")
            found[name] = {**rule, "Targets": targets}
        return found

    def role(self) -> Any:
        return self.service("iam").get_role(RoleName=self.name)["Role"]

    def rights(self) -> str:
        found = self.service("iam").get_role_policy(RoleName=self.name, PolicyName="conda-channels")
        return json.dumps(found["PolicyDocument"])

    def alarms(self) -> dict[str, Any]:
        found = self.service("cloudwatch").describe_alarms(AlarmNamePrefix=self.bucket)["MetricAlarms"]
        return {one["AlarmName"].removeprefix(f"{self.name}-"): one for one in found}

    def log(self) -> list[Any]:
        found: list[Any] = self.service("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{self.bucket}")[
            "logGroups"
        ]
        return found

    def notifications(self) -> dict[str, Any]:
        found = self._aws.client().get_bucket_notification_configuration(Bucket=self.bucket)
        return {key: value for key, value in found.items() if key != "ResponseMetadata"}

    def names(self) -> list[str]:
        """Names of all that is there."""
        functions = self.service("lambda").list_functions()["Functions"]
        roles = self.service("iam").list_roles()["Roles"]
        return sorted(
            [
                *(f"function {one['FunctionName']}" for one in functions if self.bucket in one["FunctionName"]),
                *(f"role {one['RoleName']}" for one in roles if self.bucket in one["RoleName"]),
                *(f"mapping {one['UUID']}" for one in self.mappings()),
                *(f"queue {name}" for name in self.queues()),
                *(f"rule {name}" for name in self.rules()),
                *(f"alarm {name}" for name in self.alarms()),
                *(f"log {one['logGroupName']}" for one in self.log()),
            ]
        )
