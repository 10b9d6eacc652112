"""Errors with the wording of the real provider, since tests and users read them."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

# Error codes with a type in the Go SDK, which prints them without "api error".
_MODELLED = {
    "S3": {"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "NoSuchBucket", "NoSuchKey", "NoSuchUpload"},
    "CloudFront": {
        "CNAMEAlreadyExists",
        "CachePolicyAlreadyExists",
        "CachePolicyInUse",
        "DistributionNotDisabled",
        "FunctionAlreadyExists",
        "FunctionInUse",
        "InvalidArgument",
        "InvalidFunctionAssociation",
        "InvalidIfMatchVersion",
        "InvalidOriginAccessControl",
        "InvalidViewerCertificate",
        "NoSuchCachePolicy",
        "NoSuchFunctionExists",
        "NoSuchResponseHeadersPolicy",
        "OriginAccessControlAlreadyExists",
        "OriginAccessControlInUse",
        "PreconditionFailed",
        "ResponseHeadersPolicyAlreadyExists",
        "ResponseHeadersPolicyInUse",
    },
    "IAM": {
        "ConcurrentModification",
        "DeleteConflict",
        "EntityAlreadyExists",
        "InvalidInput",
        "LimitExceeded",
        "MalformedPolicyDocument",
        "NoSuchEntity",
    },
}


class ProviderError(Exception):
    """An operation failed; its text reaches the user."""

    def __init__(self, *messages: str) -> None:
        # hashicorp/go-multierror, which pulumi-terraform-bridge reports with.
        count = f"{len(messages)} error{'s' if len(messages) > 1 else ''} occurred:"
        super().__init__(count + "".join(f"\n\t* {message}" for message in messages) + "\n\n")


def code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def explained(error: ClientError, service: str = "S3") -> str:
    """The error as aws-sdk-go-v2 prints it."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    kind = code(error) if code(error) in _MODELLED.get(service, ()) else f"api error {code(error)}"
    host = "HostID: stand-in, " if service == "S3" else ""
    return (
        f"operation error {service}: {error.operation_name}, https response error StatusCode: {status}, "
        f"RequestID: stand-in, {host}{kind}: {error.response['Error'].get('Message', '')}"
    )


def refusal(operation: str, status: int, code: str, message: str) -> ClientError:
    """An error that AWS answers and moto does not."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)  # type: ignore[arg-type]


@contextmanager
def reported(doing: str, service: str) -> Iterator[None]:
    """Adds to an error of AWS what the provider was doing."""
    try:
        yield
    except ClientError as error:
        raise ProviderError(f"{doing}: {explained(error, service)}") from error
