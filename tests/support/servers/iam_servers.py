"""versitygw with the IAM and the STS that it has a command for: roles, OIDC providers, identity policies.

It fetches the keys of an OIDC issuer from a public address at port 443 only. Here it is built from the same source
with one change, the address that it dials: what it then does with certificate, keys, token, trust policy and identity
policy is its own. `versitygw_iam(…, led=False)` is the one without the change.
"""

from __future__ import annotations

import json
import secrets
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import servers
from chaninfra.channel import user_cache as cache
from chaninfra.engine import gobuild
from programs import GoProgram
from support.servers import oidc_issuer, s3_servers
from support.servers.oidc_issuer import Issuer
from support.servers.s3_servers import REGION, Server, free_port

ACCOUNT = "000000000000"
"""The account that versitygw's ARNs are of."""
ISSUERS = (
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "gitlab.example.com",
    "idp.example.com",
    "tenant.auth0.com",
)

_VARIABLE = "LOCAL_ISSUER"
_DIALS = "iamapi/internal/iamutil/webidentity.go"
_CHANGES = {
    "\t\t\tDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {\n": (
        f'\t\t\t\tif to := os.Getenv("{_VARIABLE}"); to != "" {{\n'
        "\t\t\t\t\treturn dialer.DialContext(ctx, network, to)\n"
        "\t\t\t\t}\n"
    ),
    '\t"net/http"\n': '\t"os"\n',
}


# To see whether it is up; what it is asked afterwards is asked with its CA.
_ANY_CERTIFICATE = ssl._create_unverified_context()  # noqa: S323


@dataclass(frozen=True)
class Gateway:
    """A running versitygw with its IAM; `server` is its S3 side."""

    server: Server
    iam_url: str
    issuer: Issuer
    providers: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def client(self, service: str) -> Any:
        """The boto3 client of `iam`, with root's keys, or of `sts`, unsigned."""
        if service not in self.clients:
            self.clients[service] = boto3.session.Session().client(
                service,
                endpoint_url=self.iam_url,
                region_name=REGION,
                aws_access_key_id=self.server.access_key_id,
                aws_secret_access_key=self.server.secret_access_key,
                config=Config(signature_version=UNSIGNED) if service == "sts" else None,
            )
        return self.clients[service]

    def provider(self, url: str, *audiences: str) -> str:
        """The ARN of the OIDC provider of the issuer `url`, made when it is first asked for; it knows `audiences`."""
        iam = self.client("iam")
        if url not in self.providers:
            made = iam.create_open_id_connect_provider(Url=url, ThumbprintList=[self.issuer.thumbprint])
            self.providers[url] = made["OpenIDConnectProviderArn"]
        for audience in audiences:
            iam.add_client_id_to_open_id_connect_provider(
                OpenIDConnectProviderArn=self.providers[url], ClientID=audience
            )
        return self.providers[url]

    def role(self, trust: Mapping[str, Any], rights: Mapping[str, Any] | None = None) -> str:
        """The ARN of a new role with this trust policy, and with this policy of its own."""
        name = f"role-{secrets.token_hex(6)}"
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        if rights is not None:
            self.client("iam").put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(rights))
        arn: str = made["Role"]["Arn"]
        return arn

    def assume(self, role: str, token: str) -> dict[str, str]:
        """The keys of a session of the role, as options of `Server.client`. Raises ClientError where STS says no."""
        given = self.client("sts").assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="test", WebIdentityToken=token
        )["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def lets_in(self, role: str, token: str) -> bool:
        """Whether STS gives a session of the role for the token; it may say no for the trust policy's sake only."""
        try:
            self.assume(role, token)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in ("AccessDenied", "InvalidIdentityToken"):
                raise
            return False
        return True


@contextmanager
def versitygw_iam(folder: Path, *, led: bool = True, tls: bool = False) -> Iterator[Gateway]:
    """versitygw and its IAM on plain files in `folder`; `led`: to the issuer on the loopback interface.

    With `tls` its S3 side has a certificate of the CA in `folder/tls/ca.pem`.
    """
    binary = _led_program() if led else s3_servers.program("versitygw")
    data, users, socket = (folder / name for name in ("data", "users", "private.sock"))
    for made in (data, users):
        made.mkdir(parents=True)
    url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{free_port()}"
    server = Server("versitygw", url, f"root{secrets.token_hex(4)}", secrets.token_hex(20))
    certificate: list[str] = []
    if tls:
        (folder / "tls").mkdir()
        _, chain = oidc_issuer.certificates(folder / "tls", ["localhost"])
        certificate = ["--cert", str(chain), "--key", str(chain)]
    iam_url = f"http://127.0.0.1:{free_port()}"
    keys = {"ROOT_ACCESS_KEY_ID": server.access_key_id, "ROOT_SECRET_ACCESS_KEY": server.secret_access_key}
    with ExitStack() as stack:
        issuer = stack.enter_context(oidc_issuer.issuer(folder / "issuer", ISSUERS))

        def start(url: str, name: str, *arguments: str) -> None:
            command = [str(binary), "--quiet", "--health", "/healthz", "--port", url.partition("//")[2]]
            env = {"HOME": str(folder), _VARIABLE: issuer.address, **keys}
            stack.enter_context(_running([*command, *arguments], env, url, folder / f"{name}.log"))

        old = folder / "old"
        old.mkdir()
        posix = ("posix", "--versioning-dir", str(old), str(data))
        start(iam_url, "iam", "iam", "--dir", str(users), "--private-ports", str(socket))
        start(server.endpoint_url, "s3", *certificate, "--iam-standalone-endpoint", str(socket), *posix)
        yield Gateway(server, iam_url, issuer)


@contextmanager
def _running(command: list[str], env: dict[str, str], url: str, log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        end = time.monotonic() + 60
        while True:
            try:
                urlopen(f"{url}/healthz", timeout=5, context=_ANY_CERTIFICATE).close()  # noqa: S310
                break
            except OSError as error:
                if child.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{command} does not answer ({error}):\n{log.read_text()}") from error
            time.sleep(0.05)
        yield
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _led_program() -> Path:
    """The program that dials the address in LOCAL_ISSUER, built once into the user's cache."""

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    program = servers.SERVERS["versitygw"]
    assert isinstance(program, GoProgram)
    package, versioned = program.package, program.versioned
    pinned = Path(servers.__file__).parent / "servers" / "versitygw"
    home = cache.folder() / "servers" / f"versitygw-local-issuer-{servers.version('versitygw')}"

    def fill(folder: Path) -> None:
        scratch = folder / "scratch"
        go = gobuild.toolchain([pinned], scratch, report)
        # Downloaded and checked against go.sum, like every source; only then is it copied and changed.
        source = json.loads(go.run(pinned, "mod", "download", "-json", versioned))["Dir"]
        module = scratch / "module"
        shutil.copytree(source, module / "source", copy_function=shutil.copyfile)
        for path in (module, *module.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(pinned / name, module / name)
        with (module / "go.mod").open("a") as file:
            file.write(f"\nreplace {versioned} => ./source\n")
        _change(module / "source" / _DIALS)
        gobuild.build(go, module, package, folder / "versitygw", report)
        shutil.rmtree(scratch, ignore_errors=True)

    return cache.kept(home, fill, report) / "versitygw"


def _change(path: Path) -> None:
    text = path.read_text()
    for after, added in _CHANGES.items():
        assert text.count(after) == 1, f"{path} is not the source that this was written for"
        text = text.replace(after, after + added)
    path.write_text(text)
