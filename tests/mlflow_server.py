"""A real MLflow server, what stands in its registry, and the recording of its replies: `python -m tests.mlflow_server` makes that anew.

MLflow is 660 MB, so it lies in an environment of its own (`make test-mlflow`); the default suite replays the recording.
"""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.registries.mlflow import Settings, connect
from scanner.contracts import Registry
from tests.desk import desk
from tests.estate.inference.replayed import Answer, Handler, Server, answering
from tests.postgres import free_port

TOP = Path(__file__).resolve().parents[1]
RECORDING = TOP / "tests" / "fixtures" / "registries" / "mlflow.json"
PLAIN = [("Content-Type", "application/json")]
STARTS_WITHIN = 180
CONFIGURED: Mapping[str, Any] = {
    "server": "tracking.acme.example",
    "fields": {"owner_person": "team"},
    "states": {"live": "deployed"},
    "page_size": 2,
}
SHA = "sha256:1d4f0e9a8b7c6d5e4f30211203948576a1b2c3d4e5f60718293a4b5c6d7e8f90"


def program() -> Path | None:
    """The mlflow command of its own environment, or of the one that MLFLOW names; None where there is none."""
    places = (os.environ.get("MLFLOW", ""), TOP / ".venv-mlflow" / "bin" / "mlflow")
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


@contextmanager
def server(database: str) -> Iterator[str]:
    """The URL of a running server on this database; skips the test where MLflow is not installed."""
    command = program()
    if command is None:
        pytest.skip("no MLflow: `make test-mlflow` installs it in an environment of its own")
    directory, port = Path(tempfile.mkdtemp(prefix="gnomon-mlflow-")), free_port()
    arguments = ["server", "--backend-store-uri", database, "--artifacts-destination", str(directory / "artifacts")]
    arguments += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
    with (directory / "log").open("wb") as log:
        running = subprocess.Popen(
            [str(command), *arguments], env={**os.environ, **quiet}, cwd=directory, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _answers(f"http://127.0.0.1:{port}", running, directory / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(running.pid, 15)
        running.wait(30)
        shutil.rmtree(directory)


def _answers(url: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    end, pause = time.monotonic() + STARTS_WITHIN, threading.Event()
    while time.monotonic() < end and running.poll() is None:
        try:
            if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pause.wait(0.2)
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])


def planted(url: str) -> None:
    """What every test of MLflow finds: docs/registry.md's ways of saying a state, a prompt, a deleted version, a model without versions."""
    with httpx.Client(base_url=f"{url}/api/2.0/mlflow", trust_env=False, timeout=60) as client:
        _plant(client)


def _plant(client: httpx.Client) -> None:
    def post(path: str, method: str = "POST", **body: Any) -> Any:
        return client.request(method, path, json=body).raise_for_status().json()

    def model(name: str, **tags: str) -> None:
        post("registered-models/create", name=name, tags=_tags(tags))

    def version(name: str, source: str, tags: Mapping[str, str] | None = None, **more: str) -> None:
        post("model-versions/create", name=name, source=source, tags=_tags(tags or {}), **more)

    experiment = post("experiments/create", name="fraud", artifact_location="s3://ml-prod/experiments")["experiment_id"]
    run = post("runs/create", experiment_id=experiment, start_time=1)["run"]["info"]["run_id"]
    logged = post("logged-models", experiment_id=experiment, name="fraud", source_run_id=run)["model"]["info"]["model_id"]
    model("fraud", **{"gnomon.owner": "fraud-team", "gnomon.use_case": "payment fraud scoring"})
    version("fraud", "s3://ml-prod/fraud/1/", {"gnomon.state": "retired"})
    version("fraud", "s3://ml-prod/fraud/2/model")
    post("model-versions/transition-stage", name="fraud", version="2", stage="Production", archive_existing_versions=False)
    version("fraud", f"models:/{logged}", model_id=logged, run_id=run)
    post("registered-models/alias", name="fraud", alias="champion", version="3")
    version("fraud", "s3://ml-prod/fraud/4/")
    version("fraud", "s3://ml-prod/fraud/5/")
    post("model-versions/delete", "DELETE", name="fraud", version="5")
    model("churn", team="growth")
    version(
        "churn",
        "dbfs:/models/churn",
        {"gnomon.state": "live", "gnomon.base_model": "hf:org/base", "gnomon.identifiers": f"{SHA}; hf:acme/churn"},
    )
    version("churn", "s3://ml-prod/churn/2", {"gnomon.approved_scope.clusters": "prod-eu;prod-us", "team": "growth-eu"})
    post("model-versions/transition-stage", name="churn", version="2", stage="Archived", archive_existing_versions=False)
    model("planned")
    prompt = {"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "Say hello"}
    model("greeting", **prompt)
    version("greeting", "dummy-source", prompt)


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def registry(url: str, scratch: Path) -> Registry:
    """The registry as the tests of MLflow configure it, with pages of two."""
    return connect(Settings(url=url, **CONFIGURED), desk(scratch))


@contextmanager
def replayed(instead: Callable[[Handler, Any], Answer | None] | None = None) -> Iterator[Server]:
    """The recorded server; `instead` may answer for it."""
    rows = json.loads(RECORDING.read_text("utf-8"))

    def answer(request: Handler) -> Answer | None:
        row = rows.get(request.path, {"status": 404, "json": {"error_code": "ENDPOINT_NOT_FOUND"}})
        return Answer(row["status"], PLAIN, json.dumps(row["json"]).encode())

    with answering(lambda request: instead(request, answer) if instead else answer(request)) as made:
        yield made


def recorded() -> dict[str, Any]:
    """What the real server answers to every request of the connector, by path and query."""
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory, server(f"sqlite:///{directory}/mlflow.db") as url:
        planted(url)

        def forward(request: Handler) -> Answer:
            reply = httpx.get(url + request.path, trust_env=False)
            rows[request.path] = {"status": reply.status_code, "json": reply.json()}
            return Answer(reply.status_code, PLAIN, reply.content)

        with answering(forward) as between:
            list(registry(between.url, Path(directory, "scratch")).records())
    return rows


if __name__ == "__main__":
    RECORDING.parent.mkdir(exist_ok=True)
    RECORDING.write_text(json.dumps(recorded(), indent=1) + "\n", "utf-8")
