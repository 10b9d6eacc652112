"""Errors in the words of the real provider, since people and programs read them."""

from botocore.exceptions import ClientError

# The S3 errors that the Go SDK has types for; it prints those without "api error".
_MODELLED = {"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "NoSuchBucket", "NoSuchKey", "NoSuchUpload"}


class ProviderError(Exception):
    """An operation failed; its text reaches the user."""

    def __init__(self, *messages: str) -> None:
        # hashicorp/go-multierror, which pulumi-terraform-bridge reports with.
        count = f"{len(messages)} error{'s' if len(messages) > 1 else ''} occurred:"
        super().__init__(count + "".join(f"\n\t* {message}" for message in messages) + "\n\n")


def code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def explained(error: ClientError, service: str = "S3") -> str:
    """As aws-sdk-go-v2 prints it."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    kind = code(error) if code(error) in _MODELLED else f"api error {code(error)}"
    return (
        f"operation error {service}: {error.operation_name}, https response error StatusCode: {status}, "
        f"RequestID: stand-in, HostID: stand-in, {kind}: {error.response['Error'].get('Message', '')}"
    )
