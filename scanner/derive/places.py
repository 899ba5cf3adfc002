"""Which models are where: running, stored or coded."""

from collections.abc import Iterable, Iterator, Mapping

from scanner.derive.facts import BUILT_IN, HOSTS, context, from_repositories, is_model, live, origins, sells_models
from scanner.graph import KINDS, Graph
from scanner.model import Asset, Context, Kind, Link, Observed, Place, Relation

CODES = frozenset({Kind.REPOSITORY, Kind.DEPLOYMENT})
"""What names a model at rest."""


def places(graph: Graph, ai: Mapping[str, tuple[Link, ...]]) -> Iterator[Place]:
    """Every place, each model once a host: by what the host itself shows before what its repository's code says."""
    shown = list(_shown(graph))
    from_code = list(_from_code(graph, shown))
    running = shown + from_code
    yield from running
    yield from _themselves(graph, ai, running)
    yield from _stored(graph)
    yield from _coded(graph, running)


def _place(graph: Graph, subject: str, host: str, observed: Observed, *chain: Link, context: Context = Context.PRODUCTION) -> Place:
    return Place(subject, host, observed, context, graph.remembers and _stale(graph, subject, host, chain), chain)


def _stale(graph: Graph, subject: str, host: str, chain: tuple[Link, ...]) -> bool:
    assets = graph.inventory.assets
    keys = {subject, host, *(link.source for link in chain), *(link.target for link in chain)}
    return any(assets[key].stale for key in keys) or any(map(graph.is_stale, chain))


def _shown(graph: Graph) -> Iterator[Place]:
    """A live host serves or loads it."""
    assets = graph.assets
    for edge in graph.edges(Relation.SERVES, Relation.LOADS).tolist():
        host, subject = assets[graph.source[edge]], assets[graph.target[edge]]
        if host.kind in HOSTS and live(host):
            link = graph.links[edge]
            yield from (_place(graph, held.key, host.key, Observed.RUNNING, link, *proof) for held, proof in _held(graph, subject))


def _held(graph: Graph, subject: Asset) -> Iterator[tuple[Asset, tuple[Link, ...]]]:
    """The model itself, or every artifact of the prefix that stands for it."""
    stands_for_many = subject.kind is Kind.ARTIFACT and subject.attributes.get("referenced_only")
    inside = tuple(graph.out_of(subject.key, Relation.CONTAINS)) if stands_for_many else ()
    if is_model(subject) and not inside:
        yield subject, ()
    for link in inside:
        yield graph.inventory.assets[link.target], (link,)


def _identities(graph: Graph, shown: list[Place]) -> dict[str, set[str]]:
    """The identifiers of what each host shows."""
    known: dict[str, set[str]] = {}
    for place in shown:
        known.setdefault(place.host, set()).update(graph.inventory.assets[place.subject].identifiers)
    return known


def _from_code(graph: Graph, running: list[Place]) -> Iterator[Place]:
    """A live workload comes from the repository whose code uses it."""
    shown: Mapping[str, set[str]] | None = None
    for asset in from_repositories(graph):
        shown = _identities(graph, running) if shown is None else shown
        for repository, proof in origins(graph, asset.key):
            for link in graph.out_of(repository, Relation.USES, Relation.LOADS):
                subject = graph.inventory.assets[link.target]
                known = shown.get(asset.key, set())
                if is_model(subject) and context(subject) in BUILT_IN and known.isdisjoint(subject.identifiers):
                    yield _place(graph, subject.key, asset.key, Observed.RUNNING, *proof, link)


def _themselves(graph: Graph, ai: Mapping[str, tuple[Link, ...]], running: list[Place]) -> Iterator[Place]:
    """A live thing that is AI, though which model it runs is not known."""
    explained = {place.host for place in running}
    for asset in (*graph.of_kind[Kind.WORKLOAD], *graph.of_kind[Kind.ENDPOINT]):
        chain = ai.get(asset.key)
        if chain is None or asset.key in explained or not live(asset):
            continue
        if not _consumes(graph, chain) and not _passes_on(graph, asset.key):
            yield _place(graph, asset.key, asset.key, Observed.RUNNING, *chain)


def _consumes(graph: Graph, chain: tuple[Link, ...]) -> bool:
    """Whether it is AI only by calling what has a place of its own. A provider's address has none."""
    calls = (link for link in chain if link.relation is Relation.CALLS)
    return any(not sells_models(graph.inventory.assets[link.target]) for link in calls)


def _passes_on(graph: Graph, key: str) -> bool:
    """An endpoint that leads to a workload we see is judged there."""
    return any(live(graph.inventory.assets[link.target]) for link in graph.out_of(key, Relation.ROUTES))


def _stored(graph: Graph) -> Iterator[Place]:
    """Weights at rest, and models that a platform keeps without serving them."""
    unneeded = ~graph.ends(Relation.USES, Relation.SERVES, Relation.LOADS, Relation.INVOKES) & (graph.kinds == KINDS[Kind.MODEL])
    kept = (graph.assets[number] for number in unneeded.nonzero()[0].tolist())
    for asset in (*filter(is_model, graph.of_kind[Kind.ARTIFACT]), *kept):
        if not asset.attributes.get("referenced_only"):
            yield Place(asset.key, asset.key, Observed.STORED, context(asset), asset.stale)


def _coded(graph: Graph, running: list[Place]) -> Iterator[Place]:
    """A repository names it, and no live host that comes from there runs it."""
    promoted = {place.subject for place in running}
    done: set[tuple[str, str]] = set()
    for edge in graph.between(CODES, (Relation.USES, Relation.SERVES, Relation.LOADS), {Kind.MODEL}):
        link, source, subject = graph.links[edge], graph.assets[graph.source[edge]], graph.assets[graph.target[edge]]
        if subject.key in promoted:
            continue
        for host, proof in _repository(graph, source, link):
            if (subject.key, host) not in done:
                done.add((subject.key, host))
                yield _place(graph, subject.key, host, Observed.CODED, *proof, context=_context(graph, host, subject))


def _repository(graph: Graph, source: Asset, link: Link) -> Iterable[tuple[str, tuple[Link, ...]]]:
    if source.kind is Kind.REPOSITORY:
        return ((source.key, (link,)),)
    return ((holds.source, (holds, link)) for holds in graph.into(source.key, Relation.CONTAINS))


def _context(graph: Graph, repository: str, subject: Asset) -> Context:
    """A fork counts for what its origin has not: what the origin has too, or an origin that we cannot see, is vendored."""
    host = graph.inventory.assets[repository]
    if host.attributes.get("archived"):
        return Context.ARCHIVED
    if not host.attributes.get("fork"):
        return context(subject)
    origin = host.attributes.get("fork_of")
    if not isinstance(origin, str) or origin not in graph.inventory.assets:
        return Context.VENDORED
    theirs = (graph.inventory.assets[link.target] for link in graph.out_of(origin, Relation.USES))
    same = any(not set(other.identifiers).isdisjoint(subject.identifiers) for other in theirs if other.kind is Kind.MODEL)
    return Context.VENDORED if same else context(subject)
