"""One read-only session per account: clients with our limits, every request counted, and nothing but reading operations."""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from connectors._aws.guard import allowed, refuse_unlisted, tables
from connectors._aws.replies import call, errors, known_regions, loader
from connectors._aws.settings import AwsSettings
from scanner.contracts import Tools
from scanner.errors import AccessDenied, ConfigError

HOME = "us-east-1"
LONGEST_WAIT = 20.0


class Regions(NamedTuple):
    """The regions to read, those that were asked for by name but are not enabled for the account, and those that the config leaves out."""

    enabled: tuple[str, ...]
    off: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    """Not enabled, where every region is asked for. What ran in a region that was disabled runs on: it is out of sight, not gone."""


class Aws:
    """One account, as one principal. Clients are made once and may be used by every thread."""

    def __init__(self, settings: AwsSettings, tools: Tools, connector: str, account: str = "") -> None:
        self.settings = settings
        self.tools = tools
        self.asked_account = account or settings.account
        self._session = _base(settings, tools, connector)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        if settings.access_key_env:
            names = (settings.access_key_env, settings.secret_key_env, settings.session_token_env)
            self._session.set_credentials(*(tools.secret(name) if name else None for name in names))
        if settings.role_arn:
            sts = self._make("sts", self.home, {})
            self._session = _base(settings, tools, connector)
            _assume(self._session, sts, settings.role_arn.replace("{account}", account), settings.external_id)

    def client(self, service: str, region: str = "", **config: object) -> Any:
        """A botocore client; `config` goes to botocore's Config, such as s3={"addressing_style": "path"}."""
        key = f"{service} {region} {sorted(config.items())!r}"
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, region or self.home, config)
            return self._clients[key]

    def _make(self, service: str, region: str, config: Mapping[str, object]) -> Any:
        from botocore.config import Config
        from botocore.exceptions import InvalidRegionError

        endpoint = self.settings.endpoint_url or None
        try:
            client = self._session.create_client(service, region, endpoint_url=endpoint, config=Config(**config))
        except InvalidRegionError as error:
            raise ConfigError(f"{region!r} is not the name of an AWS region") from error
        client.meta.events.register_last("needs-retry", _patience(self.tools))
        return client

    @property
    def home(self) -> str:
        """The region that answers for what is not regional."""
        return next(iter(self.settings.regions), "") or self._session.get_config_variable("region") or HOME

    @cached_property
    def _identity(self) -> Mapping[str, Any]:
        return call(self.client("sts"), "GetCallerIdentity")

    @property
    def account_id(self) -> str:
        """The account's twelve digits, or what the settings call it where there is no STS."""
        return self.asked_account or str(self._identity["Account"])

    @property
    def principal(self) -> str:
        """Who we are there. A role's session name is left out: it differs from run to run and grants nothing."""
        if self.settings.account:
            return f"{self.settings.account}:{self.settings.access_key_env or self.settings.profile or 'chain'}"
        arn = str(self._identity["Arn"])
        return arn.rsplit("/", 1)[0] if ":assumed-role/" in arn else arn

    @cached_property
    def regions(self) -> Regions:
        """Where to look, and where not. Without ec2:DescribeRegions, what botocore knows stands for what there is."""
        asked = self.settings.regions
        try:
            reply = call(self.client("ec2"), "DescribeRegions", AllRegions=True)
        except AccessDenied:
            known = tuple(sorted(known_regions("ec2", self.client("ec2").meta.partition)))
            return _chosen(asked, known, frozenset())
        off = frozenset(region["RegionName"] for region in reply["Regions"] if region.get("OptInStatus") == "not-opted-in")
        return _chosen(asked, tuple(sorted({region["RegionName"] for region in reply["Regions"]} - off)), off)

    def errors(self, service: str, region: str = "") -> Any:
        """`errors` for a client of this session, where a connector calls botocore itself."""
        return errors(self.client(service, region))


def _chosen(asked: tuple[str, ...], there: tuple[str, ...], off: frozenset[str]) -> Regions:
    named = asked or there
    return Regions(
        tuple(region for region in named if region not in off),
        tuple(region for region in asked if region in off),
        tuple(region for region in there if region not in named),
        () if asked else tuple(sorted(off)),
    )


def session(settings: AwsSettings, tools: Tools, connector: str) -> Aws:
    """The session of a source that reads one account."""
    return sessions(settings, tools, connector)[0]


def sessions(settings: AwsSettings, tools: Tools, connector: str) -> tuple[Aws, ...]:
    """One session per account of the settings. Nothing is sent yet."""
    return tuple(Aws(settings, tools, connector, account) for account in settings.accounts or ("",))


def _base(settings: AwsSettings, tools: Tools, connector: str) -> Any:
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    made = Session(profile=settings.profile or None)
    made.register_component("data_loader", loader())
    try:
        made.get_scoped_config()
    except ProfileNotFound as error:
        raise ConfigError(f"there is no AWS profile {settings.profile!r} in the AWS config files") from error
    made.set_default_client_config(_config(tools))
    if tools.network.ca_bundle:
        made.set_config_variable("ca_bundle", str(tools.network.ca_bundle))
    made.register("before-call", refuse_unlisted(allowed(connector)))
    made.register("request-created", lambda **_: tools.limiter.spend(requests=1))
    made.register("response-received", _count_bytes(tools))
    return made


def _config(tools: Tools) -> Any:
    from botocore.config import Config

    network = tools.network
    proxies = {"http": network.proxy, "https": network.proxy} if network.proxy else {}  # an empty mapping also shuts out the environment's
    return Config(
        connect_timeout=min(network.timeout, 10),
        read_timeout=network.timeout,
        proxies=proxies,
        retries={"mode": "standard", "total_max_attempts": network.retries + 1},
        max_pool_connections=32,
        user_agent_extra="gnomon",
    )


def _count_bytes(tools: Tools) -> Callable[..., None]:
    def count(response_dict: Mapping[str, Any] | None, **_: object) -> None:
        length = (response_dict or {}).get("headers", {}).get("content-length", "")
        tools.limiter.spend(bytes=int(length) if str(length).isdigit() else 0)

    return count


def _patience(tools: Tools) -> Callable[..., float | None]:
    """Waits for a rate limit longer than botocore's own few tries do: up to max_wait seconds for one request."""
    codes = frozenset(tables()["codes"]["throttled"])

    def wait(response: Any, attempts: int, request_dict: dict[str, Any], operation: Any, **_: object) -> float | None:
        error = response[1].get("Error", {}) if response else {}
        waited = float(request_dict["context"].get("gnomon_waited", 0.0))
        delay = min(LONGEST_WAIT, 2.0 ** min(attempts, 5)) * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, keeps no secret
        if error.get("Code") not in codes or waited + delay > tools.network.max_wait:
            return None
        request_dict["context"]["gnomon_waited"] = waited + delay
        tools.note(f"{operation.service_model.service_name}:{operation.name} is throttled; waiting {delay:.0f} s")
        return delay

    return wait


def _assume(made: Any, sts: Any, role: str, external_id: str) -> None:
    """Makes a session's credentials a role's: fetched at the first request, renewed in time."""
    from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials, create_assume_role_refresher

    logging.getLogger("botocore.credentials").setLevel(logging.ERROR)  # its warning repeats, with a traceback, what we raise
    parameters = {"RoleArn": role, "RoleSessionName": "gnomon", **({"ExternalId": external_id} if external_id else {})}
    refresh = create_assume_role_refresher(sts, parameters)

    class Assumed(CredentialProvider):  # type: ignore[misc]  # its base is untyped
        METHOD = "gnomon-role"

        def load(self) -> Any:
            return DeferredRefreshableCredentials(refresh_using=refresh, method=self.METHOD)

    made.register_component("credential_provider", CredentialResolver([Assumed()]))
