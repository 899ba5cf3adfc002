"""What a path says of the code that stands there: production, test, docs, example, vendored (REGISTRY.md rule 7)."""

import re

from scanner.model import Context

VENDORED = re.compile(
    r"(^|/)(vendor|vendored|third[_-]?party|node_modules|site-packages|bower_components|external|externals|dist-packages|\.venv|venv"
    r"|Pods|Carthage|Godeps|_vendor|deps)/|\.min\.(js|css)$|\.(pb|gen|generated)\.[a-z]+$|_pb2(_grpc)?\.py$",
    re.IGNORECASE,
)
TEST = re.compile(
    r"(^|/)(tests?|__tests__|testing|spec|specs|e2e|fixtures?|cassettes?|testdata|test-data|__mocks__|mocks?|cypress|integration[_-]?tests?|benchmarks?)/"
    r"|(^|/)(test_[^/]+|conftest)\.py$|_test\.(py|go|rb|exs|rs|dart)$|\.(test|spec)\.[cm]?[jt]sx?$|Tests?\.(java|kt|cs|scala|swift|php)$"
    r"|(^|/)src/(test|it)/|_spec\.rb$|\.robot$",
    re.IGNORECASE,
)
DOCS = re.compile(
    r"(^|/)(docs?|documentation|site|website|wiki|man)/|\.(md|mdx|rst|adoc|txt|svg)$|(^|/)(readme|changelog|license|notice)[^/]*$",
    re.IGNORECASE,
)
EXAMPLE = re.compile(
    r"(^|/)(examples?|samples?|demos?|tutorials?|cookbooks?|notebooks?|quickstarts?|playground|snippets|templates?/examples?)/"
    r"|(\.|[_-])(example|sample|dist|template)(\.[a-z]+)?$",
    re.IGNORECASE,
)
READ_AS_CODE = re.compile(r"(requirements|constraints)[^/]*\.(txt|in)$", re.IGNORECASE)


def context_of(path: str) -> Context:
    """The context of a path inside its repository; the repository's own archived state is the connector's to add."""
    if VENDORED.search(path):
        return Context.VENDORED
    if TEST.search(path):
        return Context.TEST
    if EXAMPLE.search(path):
        return Context.EXAMPLE
    if DOCS.search(path) and not READ_AS_CODE.search(path):
        return Context.DOCS
    return Context.PRODUCTION
