"""Service accounts with their cloud identities, and Secrets by the names that objects give them. No value is ever asked for."""

from collections.abc import Iterable, Iterator

from connectors.kubernetes.client import TABLE, Client
from connectors.kubernetes.held import Reading, credential
from connectors.kubernetes.kinds import Object, table
from connectors.kubernetes.listing import Listed
from connectors.kubernetes.place import Place, link, name_of, uid_of
from scanner.detect.runtime import credential_name
from scanner.errors import UnexpectedReply
from scanner.model import Evidence, Kind, Link, Observation, Relation, Sighting


def accounts(listed: Listed, place: Place) -> Iterator[Observation]:
    """Every service account and what it may become."""
    for _, item in listed.of("account"):
        name = name_of(item)
        key = place.account(name)
        notes = (item.get("metadata") or {}).get("annotations") or {}
        evidence = place.evidence("serviceaccount", name)
        about = {**place.about(item), "type": "service-account"}
        yield place.sighting(key, Kind.IDENTITY, uid_of(item), about, evidence)
        for annotation, identity in table().identity.items():
            if notes.get(annotation):
                where = place.evidence("serviceaccount", name, f"metadata.annotations[{annotation}]", "cloud-identity")
                yield link(key, Relation.ASSUMES, identity.format(notes[annotation]), where)
        yield from _secrets(place, key, item)


def _secrets(place: Place, key: str, item: Object) -> Iterator[Observation]:
    for field in ("imagePullSecrets", "secrets"):
        for entry in item.get(field) or ():
            if entry.get("name"):
                evidence = place.evidence("serviceaccount", name_of(item), field, "credential-reference")
                yield _sighted(place, str(entry["name"]), evidence)
                yield link(key, Relation.READS, place.secret(str(entry["name"])), evidence)


def managed(listed: Listed, place: Place) -> Iterator[Observation]:
    """Secrets that an operator writes: sealed ones, and ones fetched from another store, whose names there they read."""
    for row, item in listed.of("secret"):
        spec = item.get("spec") or {}
        template = spec.get("template") or {}
        name = str((spec.get("target") or {}).get("name") or (template.get("metadata") or {}).get("name") or name_of(item))
        evidence = place.evidence(row.name, name_of(item), "spec", "credential-reference")
        keys = [*(spec.get("encryptedData") or {}), *(str(entry.get("secretKey", "")) for entry in spec.get("data") or ())]
        yield _sighted(place, name, evidence, keys)
        yield from _remote(place.secret(name), spec, evidence)


def _remote(key: str, spec: Object, evidence: tuple[Evidence, ...]) -> Iterator[Link]:
    """The other store's name of it, which is all that is known of it here."""
    single = (str((entry.get("remoteRef") or {}).get("key") or "") for entry in spec.get("data") or ())
    whole = (str((entry.get("extract") or {}).get("key") or "") for entry in spec.get("dataFrom") or ())
    for remote in dict.fromkeys([*single, *whole]):
        if remote:
            yield link(key, Relation.READS, remote if remote.startswith("arn:") else f"name:{remote}", evidence)


def listed_secrets(client: Client, place: Place) -> Iterator[Observation]:
    """Names and types of every Secret, as a table without objects: no value leaves the server. Raises a ReadError."""
    path = f"/api/v1/namespaces/{place.namespace}/secrets"
    for row in client.items(path, accept=TABLE, includeObject="None"):
        cells = row.get("cells") or ()
        if row.get("object") or not cells or not isinstance(cells[0], str):
            raise UnexpectedReply(f"{client.name}: {path} does not answer as a table; nothing of it is kept")
        if len(cells) > 1 and str(cells[1]) in (
            "helm.sh/release.v1",
            "kubernetes.io/service-account-token",
            "bootstrap.kubernetes.io/token",
        ):
            continue
        yield _sighted(place, cells[0], place.evidence("secret", cells[0], "", "secret-listing"))


def _sighted(place: Place, name: str, evidence: tuple[Evidence, ...], keys: Iterable[str] = ()) -> Sighting:
    provider = next((found for word in (*keys, name) if (found := credential_name(word))), None)
    return credential(place, Reading(place.secret(name), name, provider, ""), evidence)
