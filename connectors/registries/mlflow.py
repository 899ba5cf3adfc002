"""MLflow's model registry: every version of every registered model, over its REST API. No part of MLflow is installed for it.

What a version's state, owner and purpose are is said by tags, aliases and the old stages: docs/registry.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import Field

from connectors.registries import _mlflow
from connectors.registries._cells import instant, tagged
from connectors.registries._entries import Entries
from connectors.registries._http import Client, HttpSettings
from connectors.registries._mlflow import Model, Version
from scanner.contracts import Registry, Tools
from scanner.errors import UnexpectedReply
from scanner.model import Gap, Reason, Record, State

STRICTER = (State.DEPLOYED, State.APPROVED, State.PROPOSED, State.SUSPENDED, State.RETIRED, State.REJECTED)
STAGES = {"Staging": State.APPROVED, "Production": State.DEPLOYED, "Archived": State.RETIRED}
STORES = frozenset({"s3", "gs", "abfs", "abfss", "wasbs", "az"})
"""Schemes of addresses that weights are found under elsewhere; any other is MLflow's own, or one machine's."""
WORKSPACE = "X-MLFLOW-WORKSPACE"
INDIRECT = frozenset({"models", "runs"})


class Settings(HttpSettings):
    """Where the tracking server is, and what its tags, aliases and stages mean."""

    name: str = Field(default="mlflow", description="how reports call this registry")
    server: str = Field(
        default="", description="what stands for the server in mlflow:<server>/<name>/<version>; empty: url's host and port"
    )
    workspace: str = Field(
        default="",
        pattern=r"^[\w.-]*$",
        description="MLflow's workspace, where the server has several; give each a [[registry]]; empty: its default",
    )
    state_tag: str = Field(default="gnomon.state", description="tag of a version, or else of its model, that says the state")
    states: Mapping[str, State] = Field(default={}, description="other words for a state in that tag, such as { live = 'deployed' }")
    aliases: Mapping[str, State] = Field(default={"champion": State.APPROVED}, description="aliases that say a state, where no tag does")
    stages: Mapping[str, State] = Field(default=STAGES, description="stages (of old) that say a state, where no tag does")
    default_state: State = Field(default=State.PROPOSED, description="state of a version that no tag, alias or stage says one of")
    fields: Mapping[str, str] = Field(
        default={}, description="field of a record = tag that holds it, such as { owner = 'team' }; others are read from gnomon.<field>"
    )
    separators: str = Field(default=";|\n", min_length=1, description="signs between the items of a list in one tag")
    sources: bool = Field(default=True, description="ask where a version lies that came of a run or a logged model: a request for each")
    page_size: int = Field(default=500, ge=1, le=1000, description="models or versions asked for at once")


def connect(settings: Settings, tools: Tools) -> Registry:
    """The registry of one MLflow server."""
    return MLflow(settings, tools)


class MLflow:
    """Reads the models first, for their tags and aliases, then every version of all of them."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._settings, self._tools = settings, tools
        host = urlsplit(settings.url).netloc
        self._server = settings.server or (f"{host}/{settings.workspace}" if settings.workspace else host)

    def records(self) -> Iterator[Record | Gap]:
        """A record of each version, and of each model without any. Raises a ReadError where a listing cannot be read to its end."""
        client = Client(self._settings, self._tools, {WORKSPACE: self._settings.workspace} if self._settings.workspace else None)
        entries = Entries(self._settings.name, self._settings.states, "mend the model's tags in MLflow and scan again", foreign=True)
        models: dict[str, Model] = {}
        for number, raw in enumerate(_mlflow.models(client, self._settings.page_size), 1):
            try:
                model = _mlflow.model(raw)
            except _mlflow.NotDocumented as error:
                yield entries.gap(f"model {number}", str(error), Reason.UNPARSED)
            else:
                models[model.name] = model
        without = {name for name, model in models.items() if not _mlflow.is_prompt(model.tags)}
        for number, raw in enumerate(_mlflow.versions(client, self._settings.page_size), 1):
            try:
                version = _mlflow.version(raw)
            except _mlflow.NotDocumented as error:
                yield entries.gap(f"version {number}", str(error), Reason.UNPARSED)
                continue
            without.discard(version.name)
            if not _mlflow.is_prompt(version.tags):
                yield from self._version(client, entries, version, models.get(version.name, Model(version.name)))
        for name in sorted(without):
            yield from entries.of(self._bare(models[name]), self._page(name), name)

    def _version(self, client: Client, entries: Entries, version: Version, model: Model) -> Iterator[Record | Gap]:
        raw, at = self._raw(version, model), f"{version.name}/{version.version}"
        try:
            raw["identifiers"] = [*raw["identifiers"], *self._weights(client, version)]
        except UnexpectedReply as error:
            yield entries.gap(at, str(error), error.reason)
        yield from entries.of(raw, f"{self._page(version.name)}/versions/{version.version}", at)

    def _raw(self, version: Version, model: Model) -> dict[str, Any]:
        """The version's own tags say more than its model's."""
        tags = {tag.key: tag.value for tag in (*model.tags, *version.tags)}
        aliases = sorted(alias.alias for alias in model.aliases if alias.version == version.version)
        said = tagged(tags, self._settings.fields, self._settings.separators)
        name = f"mlflow:{self._server}/{version.name}"
        return {
            "record_updated": instant(version.last_updated_timestamp),
            "model_changed": instant(version.creation_timestamp),
            **said,
            "id": f"{version.name}/{version.version}",
            "name": version.name,
            "version": version.version,
            "state": tags.get(self._settings.state_tag) or self._state(version, aliases),
            "identifiers": [f"{name}/{version.version}", *said.get("identifiers", ())],
            "extra": _told(
                source=version.source, run_id=version.run_id, registered_by=version.user_id, status=version.status,
                mlflow_aliases=", ".join(aliases), stage=version.current_stage,
            ),
        }  # fmt: skip

    def _bare(self, model: Model) -> dict[str, Any]:
        """A model that has no version yet: a name, which registers nothing that runs."""
        return {**self._raw(Version(model.name, ""), model), "id": model.name, "identifiers": [f"mlflow:{self._server}/{model.name}"]}

    def _state(self, version: Version, aliases: list[str]) -> str:
        """The strictest that its aliases and its stage say."""
        said = [self._settings.aliases[alias] for alias in aliases if alias in self._settings.aliases]
        if version.current_stage in self._settings.stages:
            said.append(self._settings.stages[version.current_stage])
        return max(said, key=STRICTER.index, default=self._settings.default_state).value

    def _weights(self, client: Client, version: Version) -> Iterator[str]:
        """The address of the version's files, where it is one that others can see too."""
        uri = version.source
        if uri.partition(":")[0] in INDIRECT and self._settings.sources:
            uri = _mlflow.lies_at(client, version)
        if uri.partition("://")[0] in STORES:
            yield uri.rstrip("/")

    def _page(self, name: str) -> str:
        return f"{self._settings.url.rstrip('/')}/#/models/{quote(name, safe='')}"


def _told(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
