"""What AWS has and moto has not, added to moto, which runs in the tests' own process."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.models import OpenIDConnectProvider
from moto.iam.responses import IamResponse
from moto.server import ThreadedMotoServer

from engine import moto_cloudfront


@contextmanager
def served() -> Iterator[str]:
    """The URL of an AWS in memory."""
    mend()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def mend() -> None:
    """Adds it; doing so twice changes nothing."""
    moto_cloudfront.mend()
    IamResponse.add_client_id_to_open_id_connect_provider = _add_client
    IamResponse.remove_client_id_from_open_id_connect_provider = _remove_client


def _add_client(self: IamResponse) -> ActionResult:
    clients = _provider(self).client_id_list
    if self._get_param("ClientID") not in clients:
        clients.append(self._get_param("ClientID"))
    return EmptyResult()


def _remove_client(self: IamResponse) -> ActionResult:
    # "This operation is idempotent; it does not fail or return an error if you try to remove a client ID that does not
    # exist" (IAM API reference).
    provider = _provider(self)
    provider.client_id_list = [one for one in provider.client_id_list if one != self._get_param("ClientID")]
    return EmptyResult()


def _provider(response: IamResponse) -> OpenIDConnectProvider:
    return response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
