"""What CloudFront Functions have and moto's have not: a live stage, updates, and that one in use is not deleted.

Nothing runs them.
"""

from collections.abc import Callable
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.exceptions import InvalidIfMatchVersion
from moto.cloudfront.models import CloudFrontBackend, CloudFrontFunction, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from support.servers.moto_cloudfront_policies import behaviors, refusal

_PUBLISH = "{0}/2020-05-31/function/(?P<function_name>[^/]+)/publish$"


def mend() -> None:
    """Adds it; doing so twice changes nothing."""
    CloudFrontBackend.delete_function = _delete  # type: ignore[method-assign]
    for name, method in vars(_Response).items():
        if callable(method):
            setattr(CloudFrontResponse, name, method)
    urls.url_paths[_PUBLISH] = CloudFrontResponse.dispatch


def check_live(backend: CloudFrontBackend, arn: str) -> None:
    """Raise CloudFront's error unless a function of this ARN was published."""
    if not any(one.arn == arn and _live(one) is not None for one in backend.functions.values()):
        raise refusal("InvalidFunctionAssociation", "The function is not there, or was not published.")


class _Response(CloudFrontResponse):
    """The methods that CloudFrontResponse gets."""

    def describe_function(self) -> ActionResult:
        function = self.backend.describe_function(name=self._get_param("Name"))
        summary, etag = function.function_summary, function.etag
        if self._get_param("Stage") == "LIVE":
            if _live(function) is None:
                raise refusal("NoSuchFunctionExists", "The specified function does not exist.")
            summary, etag = _live(function)["summary"], _live(function)["etag"]
        return ActionResult({"FunctionSummary": summary, "ETag": etag})

    def update_function(self) -> ActionResult:
        function = self._unchanged()
        function.config = self._get_param("FunctionConfig")
        function.code = self._get_param("FunctionCode")
        function.last_modified_time, function.etag, function.status = utcnow(), random_id(), "UNPUBLISHED"
        return ActionResult({"FunctionSummary": function.function_summary, "ETag": function.etag})

    def publish_function(self) -> ActionResult:
        function = self._unchanged()
        function.status = "UNASSOCIATED"
        summary = function.function_summary
        metadata = {**summary["FunctionMetadata"], "Stage": "LIVE"}
        vars(function)["live"] = {
            "summary": {**summary, "FunctionMetadata": metadata},
            "etag": random_id(),
            "code": function.code,
        }
        return ActionResult({"FunctionSummary": summary})

    def _unchanged(self) -> CloudFrontFunction:
        function: CloudFrontFunction = self.backend.describe_function(name=self._get_param("Name"))
        if self._get_param("IfMatch") != function.etag:
            raise InvalidIfMatchVersion
        return function


_theirs: Callable[..., None] = CloudFrontBackend.delete_function


def _delete(self: CloudFrontBackend, name: str, if_match: Any) -> None:
    function = self.describe_function(name)
    used = [
        one["FunctionARN"] for behavior in behaviors(self) for one in behavior.function_associations.get("Items", [])
    ]
    if function.arn in used:
        raise refusal("FunctionInUse", "Cannot delete the function: cache behaviors use it.")
    _theirs(self, name, if_match)


def _live(function: CloudFrontFunction) -> Any:
    return vars(function).get("live")
