"""How much of a labelled corpus the detector finds, and how much of what it finds is there.

    python -m benchmarks.accuracy CORPUS TRUTH [--show] [--json FILE] [--findings FILE]

CORPUS holds one tree for each repository, `<owner>__<name>`; TRUTH one YAML file of labels for each (tests/corpus/README.md says
what a label is). Only labels of tier `required` count for recall; the other tiers, and findings in documentation, are neutral.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ryaml

from benchmarks import labels
from scanner.detect import DetectSettings, detector

KINDS = ("model", "artifact", "sdk", "deployment", "credential", "agent")


class Seen(NamedTuple):
    """One finding, as labels speak of it."""

    kind: str
    path: str
    name: str
    line: int
    provider: str = ""
    rule: str = ""


class Score(NamedTuple):
    """Labels found and missed, findings that no label knows."""

    found: frozenset[Any]
    missed: frozenset[Any]
    wrong: frozenset[Any]

    @property
    def recall(self) -> float | None:
        """None where nothing is labelled."""
        total = len(self.found) + len(self.missed)
        return len(self.found) / total if total else None

    @property
    def precision(self) -> float | None:
        """None where nothing was found."""
        total = len(self.found) + len(self.wrong)
        return len(self.found) / total if total else None


def findings(root: Path, workers: int = 2) -> Iterator[Seen]:
    """What the detector says of one tree."""
    with detector(DetectSettings(workers=workers), b"accuracy") as detecting:
        paths = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
        wanted = [path for path in paths if detecting.wanted(path.relative_to(root).as_posix(), path.stat().st_size)]
        for path, found in detecting.detect((path.relative_to(root).as_posix(), path.read_bytes()) for path in wanted):
            for fact in found.facts:
                name = (
                    fact.model_id
                    if fact.kind == "model"
                    else str(fact.attributes.get("package") or fact.name)
                    if fact.kind == "sdk"
                    else fact.name
                )
                yield Seen(fact.kind, path, name, fact.line, fact.provider, fact.rule)


def scored(truth: dict[str, Any], seen: Iterable[Seen]) -> dict[str, Score]:
    """The score of one repository by kind."""
    by_kind: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        by_kind[one.kind].append(one)
    scores = {
        "model": _models(truth, by_kind["model"]),
        "sdk": _sdks(truth, by_kind["sdk"]),
        "credential": _credentials(truth, by_kind["credential"]),
        **{kind: _paths(truth[f"{kind}s"], by_kind[kind]) for kind in ("artifact", "deployment", "agent")},
    }
    exhaustive = truth.get("exhaustive") or {}
    return {kind: score if exhaustive.get(kind, True) else score._replace(wrong=frozenset()) for kind, score in scores.items()}


def _models(truth: dict[str, Any], seen: list[Seen]) -> Score:
    required = {(entry["model_id"], entry["path"]) for entry in truth["models"] if entry["tier"] == "required"}
    found: set[tuple[str, str]] = set()
    wrong: set[tuple[str, str]] = set()
    for one in seen:
        here = [entry for entry in truth["models"] if entry["path"] == one.path and labels.same_model(entry["model_id"], one.name)]
        found |= {(entry["model_id"], entry["path"]) for entry in here if entry["tier"] == "required"}
        if not here and not labels.neutral_model(truth, one.path, one.name):
            wrong.add((labels.short(one.name), one.path))
    return Score(frozenset(found), frozenset(required - found), frozenset(wrong))


def _sdks(truth: dict[str, Any], seen: list[Seen]) -> Score:
    required = {entry["family"] for entry in truth["sdks"] if entry["tier"] == "required"}
    optional = {entry["family"] for entry in truth["sdks"] if entry["tier"] != "required"}
    found: set[str] = set()
    wrong: set[str] = set()
    for one in seen:
        families = labels.families(one.name)
        found |= families & required
        if not families & (required | optional) and not labels.neutral_sdk(one.name, families) and not labels.is_prose(one.path):
            wrong.add(min(families))
    return Score(frozenset(found), frozenset(required - found), frozenset(wrong))


def _credentials(truth: dict[str, Any], seen: list[Seen]) -> Score:
    required = {(entry["name"].strip().lower(), entry["path"]) for entry in truth["credentials"] if entry["tier"] == "required"}
    optional = {entry["name"].strip().lower() for entry in truth["credentials"] if entry["tier"] != "required"}
    told = {(one.name.strip().lower(), one.path) for one in seen}
    wrong = {
        (name, path)
        for name, path in told - required
        if name not in optional and not labels.neutral_credential(name) and not labels.is_prose(path)
    }
    return Score(frozenset(told & required), frozenset(required - told), frozenset(wrong))


def _paths(entries: list[dict[str, Any]], seen: list[Seen]) -> Score:
    required = {entry["path"] for entry in entries if entry["tier"] == "required"}
    known = {entry["path"] for entry in entries}
    told = {one.path for one in seen}
    return Score(
        frozenset(told & required), frozenset(required - told), frozenset(path for path in told - known if not labels.is_prose(path))
    )


def totals(scores: dict[str, dict[str, Score]]) -> list[dict[str, Any]]:
    """One row for each kind: pooled over repositories, and the mean over those that have the kind."""
    rows = []
    for kind in KINDS:
        each = [by_kind[kind] for by_kind in scores.values()]
        pooled = Score(*(frozenset((repo, item) for repo, by in scores.items() for item in by[kind][part]) for part in range(3)))
        rows.append(
            {
                "kind": kind,
                "found": len(pooled.found),
                "missed": len(pooled.missed),
                "wrong": len(pooled.wrong),
                "recall": pooled.recall,
                "precision": pooled.precision,
                "macro recall": _mean(score.recall for score in each),
                "macro precision": _mean(score.precision for score in each if score.recall is not None),
            }
        )
    return rows


def classes(scores: dict[str, dict[str, Score]]) -> list[dict[str, Any]]:
    """Recall of models by class of file."""
    count: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for by_kind in scores.values():
        for part, labelled in ((0, by_kind["model"].found), (1, by_kind["model"].missed)):
            for _, path in labelled:
                count[labels.file_class(path)][part] += 1
    return [
        {"class": name, "found": found, "missed": missed, "recall": found / (found + missed)}
        for name, (found, missed) in sorted(count.items())
    ]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def truths(folder: Path) -> dict[str, dict[str, Any]]:
    """The labels of every repository, by its name."""
    read = (ryaml.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.yaml")))
    return {truth["repo"]: truth for truth in read}


def _printed(rows: list[dict[str, Any]]) -> None:
    if rows:
        print("  ".join(f"{name:>15}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{'-' if value is None else f'{value:.3f}' if isinstance(value, float) else value:>15}" for value in row.values()))
    print()


def main(arguments: list[str] | None = None) -> int:
    """Prints the tables; 1 where anything was found in a repository labelled as one without AI."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--show", action="store_true", help="list what was missed and what was wrong")
    parser.add_argument("--json", type=Path, help="write the tables there")
    parser.add_argument("--findings", type=Path, help="write every finding there")
    chosen = parser.parse_args(arguments)
    labelled = truths(chosen.truth)
    told = {repo: list(findings(chosen.corpus / repo)) for repo in labelled if (chosen.corpus / repo).is_dir()}
    scores = {repo: scored(labelled[repo], seen) for repo, seen in told.items()}
    clean = sum(len(score.wrong) for repo, by in scores.items() if labelled[repo]["negative"] for score in by.values())
    kinds, by_class = totals(scores), classes(scores)
    _printed(kinds)
    _printed(by_class)
    print(f"findings on {sum(labelled[repo]['negative'] for repo in scores)} repositories without AI: {clean}")
    if chosen.show:
        for repo, by in scores.items():
            for kind, score in by.items():
                for what, items in (("missed", score.missed), ("wrong", score.wrong)):
                    for item in sorted(items, key=str):
                        print(f"{what:7} {kind:11} {repo:45} {item}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"kinds": kinds, "classes": by_class, "without_ai": clean}, indent=1) + "\n", "utf-8")
    if chosen.findings:
        every = [{"repo": repo, "findings": [_shown(one) for one in seen]} for repo, seen in told.items()]
        chosen.findings.write_text(json.dumps(every) + "\n", "utf-8")
    return 1 if clean else 0


def _shown(one: Seen) -> dict[str, Any]:
    shown = one._asdict()
    return {**shown, "model_id": shown.pop("name")} if one.kind == "model" else shown


if __name__ == "__main__":
    sys.exit(main())
