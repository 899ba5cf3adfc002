"""The files of one repository, wherever they lie, as observations: shared by what reads work trees, bare repositories and clones.

A file is read only if it can matter and its content was not read before: facts are remembered by git's blob id and path, so that
a fork, a branch or the next run costs nothing for what is the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec

from connectors import _known, _owners
from connectors._tree import File, Place, Tree, shown
from scanner.contracts import Findings, Tools
from scanner.detect.artifacts import VERSION, Artifact, Group, Ranged, Unread, group, identify_group, is_artifact, is_beside
from scanner.detect.context import context_of
from scanner.detect.sightings import observations, summarise
from scanner.errors import ReadError
from scanner.model import Context, Evidence, Gap, Kind, Learned, Link, Observation, Reason, Relation, Sighting, Value

TEXT_AT_MOST = 64 << 20
NAMED = 200
"""So many unread files have a gap each; more of them have one together."""
Told = Observation | Gap | Learned


def read(tree: Tree, place: Place, tools: Tools) -> Iterator[Told]:
    """All that the files say, each thing once."""
    reading = _Reading(tree, place, tools)
    learned: list[Learned] = []
    yield from summarised(_aside(reading.told(), learned), reading)
    yield from learned


def _aside(told: Iterable[Told], learned: list[Learned]) -> Iterator[Observation | Gap]:
    for one in told:
        if isinstance(one, Learned):
            learned.append(one)
        else:
            yield one


def summarised(told: Iterable[Observation | Gap], reading: "_Reading") -> Iterator[Observation | Gap]:
    """One sighting of each thing, with what holds for the repository as a whole."""
    for one in summarise(told):
        yield reading.finished(one) if isinstance(one, Sighting) else one


class _Reading:
    """One pass over one tree."""

    def __init__(self, tree: Tree, place: Place, tools: Tools) -> None:
        self.tree, self.place, self.tools = tree, place, tools
        self.own: set[str] = set()
        """Keys of things that also stand in a file which a fork's origin has not."""
        self.left: dict[str, list[str]] = {}
        """Files that were left out, by why."""
        self.lists: dict[str, File] = {}
        self.owners: _owners.Owners | None = None

    def told(self) -> Iterator[Told]:
        fresh: list[File] = []
        weights: dict[str, File] = {}
        for batch in _known.batches(self._sorted(weights)):
            yield from (one for one in batch if isinstance(one, Gap))
            wanted = [one for one in batch if isinstance(one, File)]
            known = _known.findings(self.tools, wanted)
            for file, findings in known.items():
                yield from self._said(file, findings)
            fresh += [file for file in wanted if file not in known]
        chosen = next((self.lists[path] for path in _owners.PLACES if path in self.lists), None)
        rules = _known.owners(self.tools, chosen)
        self.tree.bring([*fresh, chosen] if chosen and rules is None else fresh)
        yield from self._owned(chosen, rules)
        yield from self._texts(fresh)
        yield from self._artifacts(weights)
        yield from self._gaps()

    def _sorted(self, weights: dict[str, File]) -> Iterator[File | Gap]:
        """The files that can matter, those of models and of owners noted on the way."""
        for file in self.tree.files():
            if isinstance(file, Gap):
                yield file
                continue
            if file.path in _owners.PLACES:
                self.lists[file.path] = file
            if is_artifact(file.path, file.size) or is_beside(file.path):
                weights[file.path] = file
            if self._wanted(file):
                yield file

    def _owned(self, chosen: File | None, rules: tuple[_owners.Rule, ...] | None) -> Iterator[Observation | Learned]:
        """Who answers for the repository, by its CODEOWNERS."""
        if chosen is None:
            return
        for file, content in self.tree.contents([chosen], _owners.MAX_BYTES) if rules is None else ():
            rules = _owners.rules((content or b"").decode("utf-8", "replace"))
            yield from _known.learned_owners(file, rules) if content is not None else ()
        self.owners = _owners.Owners(rules or ())
        if self.owners.whole:
            key, evidence = f"repo:{self.place.owner}", (Evidence(f"{self.place.where}:{chosen.path}", "codeowners"),)
            attributes: dict[str, Value] = {"owners": self.owners.whole, "owner": self.owners.whole[0]}
            yield Sighting(key, Kind.REPOSITORY, (), attributes, evidence)
            yield from (Link(key, Relation.OWNED, _owners.person(name), evidence) for name in self.owners.whole)

    def _wanted(self, file: File) -> bool:
        wanted = self.tools.detector.wanted(file.path, file.size)
        if not wanted and file.size and not is_artifact(file.path, file.size) and self.tools.detector.wanted(file.path, None):
            self._leave("larger than [detect] max_text_bytes", file)
        return wanted

    def _leave(self, why: str, file: File) -> None:
        self.left.setdefault(why, []).append(shown(file.path))

    def _texts(self, fresh: Sequence[File]) -> Iterator[Told]:
        read: dict[str, File] = {}
        known: list[tuple[File, Findings]] = []
        for path, findings in self.tools.detector.detect(self._handed(fresh, read, known)):
            file = read.pop(path)
            yield from _known.learned(self.tools, file, findings)
            yield from self._said(file, findings)
        for file, findings in known:
            yield from self._said(file, findings)

    def _handed(self, fresh: Sequence[File], read: dict[str, File], known: list[tuple[File, Findings]]) -> Iterator[tuple[str, bytes]]:
        """The files as the detector takes them; what becomes too large or unreadable on the way is left out by name."""
        unasked = {file.path for file in fresh if file.oid is None}
        for batch in _known.weighed(self.tree.contents(fresh, TEXT_AT_MOST)):
            before = _known.findings(self.tools, [file for file, _ in batch if file.path in unasked])
            known += before.items()
            for file, content in batch:
                if content is None:
                    self._leave("could not be read, or changed while it was", file)
                elif file not in before and self._wanted(file):
                    path = shown(file.path)
                    read[path] = file
                    self.tools.limiter.spend(bytes=len(content))
                    yield path, content

    def _said(self, file: File, findings: Findings) -> Iterator[Observation | Gap]:
        path = shown(file.path)
        location = {**self.place.location, "source": self.place.source, "scope": f"{self.place.scope}/{path}"}
        for one in observations(self.place.owner, self.place.where, path, findings, location):
            if isinstance(one, Sighting) and file.oid not in self.place.inherited:
                self.own.add(one.asset)
            yield one

    def _artifacts(self, weights: Mapping[str, File]) -> Iterator[Told]:
        groups = list(group((file.path, file.size) for file in weights.values()))
        known = _known.Weights(self.tools, groups, weights)
        needed = [weights[path] for made in groups if made not in known for path in (made.members[0], *made.companions)]
        try:
            self.tree.bring(needed)
        except ReadError as error:
            yield self.place.gap(error.reason, f"{len(groups)} model files are known by name only: {error}", error.remedy)
            return
        for made in groups:
            yield from self._artifact(made, weights, known)

    def _artifact(self, made: Group, weights: Mapping[str, File], known: _known.Weights) -> Iterator[Observation | Learned]:
        try:
            found = known[made] if made in known else self._identified(made, weights)
        except (Unread, OSError, ReadError):
            self._leave("model files that could not be read", weights[made.members[0]])
            return
        yield from known.learned(made, found)
        if found is not None:
            yield from self._sighted(made, found, weights)

    def _identified(self, made: Group, weights: Mapping[str, File]) -> Artifact | None:
        handles: list[AbstractContextManager[Ranged]] = []

        def opener(path: str) -> Ranged:
            handles.append(self.tree.opened(weights[path]))
            return handles[-1].__enter__()

        try:
            return identify_group(made, opener)
        finally:
            for handle in handles:
                handle.__exit__(None, None, None)

    def _sighted(self, made: Group, found: Artifact, weights: Mapping[str, File]) -> Iterator[Observation]:
        path = shown(made.path)
        key = f"artifact:{self.place.owner}:{path}"
        evidence = (Evidence(f"{self.place.where}:{shown(made.members[0])}", VERSION),)
        repository = f"repo:{self.place.owner}"
        attributes = {
            **self.place.location,
            "repository": repository,
            "path": path,
            "context": context_of(path).value,
            **found.attributes(),
        }
        if not all(weights[member].oid in self.place.inherited for member in made.members):
            self.own.add(key)
        yield Sighting(key, Kind.ARTIFACT, found.identifiers, attributes, evidence)
        yield Link(repository, Relation.CONTAINS, key, evidence)

    def finished(self, sighting: Sighting) -> Sighting:
        """With what only the whole repository says: archived, inherited from a fork's origin, owned."""
        more: dict[str, Value] = {}
        if self.place.archived and "context" in sighting.attributes:
            more["context"] = Context.ARCHIVED.value
        if self.place.inherited and sighting.asset not in self.own:
            more["fork_inherited"] = True
        path = sighting.attributes.get("path")
        if self.owners and isinstance(path, str) and "owner" not in sighting.attributes and (owners := self.owners.of(path)):
            more["owner"] = owners[0]
        return msgspec.structs.replace(sighting, attributes={**sighting.attributes, **more}) if more else sighting

    def _gaps(self) -> Iterator[Gap]:
        """One for each file, as such a gap hides that file only; one for all where they are too many to name."""
        for why, paths in self.left.items():
            reason = Reason.LIMIT if why.startswith("larger") else Reason.UNPARSED
            if len(paths) > NAMED:
                yield self.place.gap(reason, f"{len(paths)} files, such as {min(paths)}: {why}")
                continue
            yield from (Gap(self.place.source, f"{self.place.scope}/{path}", reason, f"{path}: {why}") for path in sorted(paths))
