"""Services, ingresses and routes: what leads to a workload, and who can reach it."""

import fnmatch
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.kubernetes.controllers import Top
from connectors.kubernetes.held import Reading, credential
from connectors.kubernetes.kinds import KindRow, Object, says, table, texts
from connectors.kubernetes.listing import Listed
from connectors.kubernetes.place import Place, link, marks, name_of, uid_of
from connectors.kubernetes.workloads import Workload
from scanner.model import Confidence, Kind, Observation, Relation, Value

Behind = Mapping[str, list[Workload]]
"""Workloads by the service in front of them."""


def services(listed: Listed, found: Mapping[Top, Workload]) -> Behind:
    """Which workloads each service's selector chooses; a Knative service answers for itself."""
    behind: dict[str, list[Workload]] = {}
    for _, item in listed.of("service"):
        behind[name_of(item)] = _chosen((item.get("spec") or {}).get("selector") or {}, found.values())
    for work in found.values():
        if work.type == "knativeservice":
            behind[work.name] = [work]
    return behind


def routed(listed: Listed, place: Place, found: Mapping[Top, Workload], behind: Behind) -> Iterator[Observation]:
    """Every endpoint of the namespace that leads to a workload."""
    for _, item in listed.of("service"):
        yield from _service(place, item, behind[name_of(item)])
    for _, item in listed.of("ingress"):
        yield from _ingress(place, item, behind)
    for row, item in listed.of("route"):
        yield from _route(place, row, item, behind)
    for row, item in listed.of("pool"):
        selector = (item.get("spec") or {}).get("selector") or {}
        chosen = _chosen(selector.get("matchLabels") or selector, found.values())
        yield from _endpoint(place, row.name, item, chosen, (), {"exposure": "internal"}, Confidence.DECLARED)


def endpoint_state(routes: Iterable[Workload]) -> bool | None:
    """An endpoint runs while anything behind it does; unknown where that is unknown or nothing is seen."""
    states = [work.state.get("running") for work in routes]
    if any(state is True for state in states):
        return True
    return False if states and all(state is False for state in states) else None


def _chosen(selector: Mapping[str, Any], works: Iterable[Workload]) -> list[Workload]:
    if not selector:
        return []
    wanted = selector.items()
    return [work for work in works if any(wanted <= labels.items() for labels in work.labels)]


def _endpoint(
    place: Place,
    type_: str,
    item: Object,
    routes: Iterable[Workload],
    identifiers: Iterable[str],
    attributes: Mapping[str, Value],
    sure: Confidence,
) -> Iterator[Observation]:
    name = name_of(item)
    key = place.key(Kind.ENDPOINT, type_, name)
    routes = list({work.key(place): work for work in routes}.values())
    about = {**place.about(item), "type": type_, "running": endpoint_state(routes), **attributes}
    yield place.sighting(key, Kind.ENDPOINT, (*uid_of(item), *identifiers), about, place.evidence(type_, name, "", "exposure", sure))
    for work in routes:
        yield link(key, Relation.ROUTES, work.key(place), place.evidence(type_, name, "spec", "selector"))


def _service(place: Place, item: Object, routes: list[Workload]) -> Iterator[Observation]:
    spec = item.get("spec") or {}
    addresses = _addresses(item)
    ports = [port.get("port") for port in spec.get("ports") or () if isinstance(port, dict)]
    urls = [f"http://{address}:{port}" for address in addresses for port in ports]
    exposure, sure = _service_exposure(spec, item, addresses)
    ready = place.evidence("service", name_of(item), "spec.selector")
    attributes: dict[str, Value] = {
        "exposure": exposure,
        "url": next(iter(urls), None),
        "cluster_ip": _ip(spec),
        "ports": tuple(map(str, ports)),
    }
    yield from _endpoint(place, "service", item, routes, urls, attributes, sure)
    if spec.get("type") == "ExternalName" and spec.get("externalName"):
        yield link(place.key(Kind.ENDPOINT, "service", name_of(item)), Relation.ROUTES, f"https://{spec['externalName']}", ready)


def _ip(spec: Object) -> str | None:
    address = spec.get("clusterIP")
    return str(address) if address and address != "None" else None


def _service_exposure(spec: Object, item: Object, addresses: list[str]) -> tuple[str | None, Confidence]:
    if spec.get("externalIPs"):
        return _by_address([str(address) for address in spec["externalIPs"]]) or "public", Confidence.DECLARED
    if spec.get("type") != "LoadBalancer":
        return "internal", Confidence.DECLARED
    told = _annotated(item) or _by_address(addresses) or _by_ranges(spec.get("loadBalancerSourceRanges"))
    return (told, Confidence.DECLARED) if told else ("public", Confidence.INFERRED)


def _annotated(item: Object) -> str | None:
    notes = marks(item)
    if says(notes, table().public):
        return "public"
    return "internal" if says(notes, table().internal) else None


def _by_address(addresses: list[str]) -> str | None:
    kinds = {kind for address in addresses if (kind := _reach(address))}
    return "public" if "public" in kinds else next(iter(kinds), None)


def _reach(address: str) -> str | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        if address.startswith("internal-") or address.endswith((".internal", ".local", ".lan", ".corp")):
            return "internal"
        return "public" if address.endswith((".elb.amazonaws.com", ".cloudapp.azure.com")) else None
    inside = any(ip in network for network in OWN_NETWORKS if network.version == ip.version)
    return "internal" if inside else "public"


OWN_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)


def _by_ranges(ranges: Any) -> str | None:
    """A load balancer that lets only own networks in is internal."""
    if not isinstance(ranges, list) or not ranges:
        return None
    return "internal" if all(_reach(str(one).partition("/")[0]) == "internal" and not str(one).endswith("/0") for one in ranges) else None


def _addresses(item: Object) -> list[str]:
    return texts(item, "status.loadBalancer.ingress.*.ip", "status.loadBalancer.ingress.*.hostname")


def _ingress(place: Place, item: Object, behind: Behind) -> Iterator[Observation]:
    spec = item.get("spec") or {}
    secure = {host for entry in spec.get("tls") or () for host in entry.get("hosts") or ()}
    targets, urls = [], []
    for rule in spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            backend = path.get("backend") or {}
            targets.append((backend.get("service") or {}).get("name") or backend.get("serviceName"))
            urls += _url(rule.get("host"), path.get("path"), rule.get("host") in secure or bool(secure and not rule.get("host")))
    default = spec.get("defaultBackend") or spec.get("backend") or {}
    targets.append((default.get("service") or {}).get("name") or default.get("serviceName"))
    yield from _front(place, "ingress", item, targets, urls, str(spec.get("ingressClassName") or ""), behind)
    yield from _certificates(place, item, [str(entry["secretName"]) for entry in spec.get("tls") or () if entry.get("secretName")])


def _url(host: Any, path: Any, secure: bool) -> list[str]:
    if not host or "*" in str(host):
        return []
    stem = str(path or "").split("(", 1)[0].rstrip("/*.")  # a path may be a regular expression
    return [f"{'https' if secure else 'http'}://{host}{stem}"]


def _front(
    place: Place, type_: str, item: Object, targets: Iterable[Any], urls: list[str], class_: str, behind: Behind
) -> Iterator[Observation]:
    """An ingress or a route: it leads to the workloads behind its services."""
    inside = any(fnmatch.fnmatch(class_.lower(), pattern) for pattern in place.settings.internal_classes) if class_ else False
    told = _annotated(item) or ("internal" if inside else None) or _by_address(_addresses(item))
    exposure = told or place.settings.ingress_exposure or None
    routes = [work for target in dict.fromkeys(targets) if target for work in behind.get(str(target), ())]
    attributes: dict[str, Value] = {
        "exposure": exposure,
        "authenticated": True if says(marks(item), table().authenticated) else None,
        "url": next(iter(urls), None),
    }
    sure = Confidence.DECLARED if told else Confidence.INFERRED
    yield from _endpoint(place, type_, item, routes, dict.fromkeys(urls), attributes, sure)


def _route(place: Place, row: KindRow, item: Object, behind: Behind) -> Iterator[Observation]:
    spec = item.get("spec") or {}
    references = [
        ref for rule in spec.get("rules") or () for ref in rule.get("backendRefs") or () if ref.get("kind", "Service") == "Service"
    ]
    here = [ref.get("name") for ref in references if ref.get("namespace", place.namespace) == place.namespace]
    gateways = ",".join(str(parent.get("name", "")) for parent in spec.get("parentRefs") or ())
    urls = [f"https://{host}" for host in spec.get("hostnames") or () if "*" not in host]
    yield from _front(place, row.name, item, here, urls, gateways, behind)
    key = place.key(Kind.ENDPOINT, row.name, name_of(item))
    for ref in references:
        if ref.get("namespace", place.namespace) != place.namespace:
            elsewhere = place.key(Kind.ENDPOINT, "service", str(ref.get("name")), str(ref["namespace"]))
            yield link(key, Relation.ROUTES, elsewhere, place.evidence(row.name, name_of(item), "spec.rules", "backend-reference"))


def _certificates(place: Place, item: Object, names: list[str]) -> Iterator[Observation]:
    key = place.key(Kind.ENDPOINT, "ingress", name_of(item))
    for name in dict.fromkeys(names):
        evidence = place.evidence("ingress", name_of(item), "spec.tls", "credential-reference")
        yield credential(place, Reading(place.secret(name), name, None, "spec.tls"), evidence)
        yield link(key, Relation.READS, place.secret(name), evidence)
