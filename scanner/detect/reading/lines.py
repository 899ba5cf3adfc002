"""Files made of lines: .env, properties, shell, Makefile, Dockerfile, and any text that no parser took.

Comments are left out, lines that go on are joined, names keep their values; what looks like a command is given as one.
"""

import re
from collections.abc import Iterator

from scanner.detect.reading.literal import Literal, Reading

ASSIGNMENT = re.compile(
    r"^\s*(?:(?:export|set|ENV|ARG|readonly|local|declare(?:\s+-\w+)?|override|\$env:)\s*)?([A-Za-z_][\w.-]*)\s*(?::=|\?=|\+=|:(?=\s)|=)\s*(.*?)\s*$"
)
QUOTED = re.compile(r"\"((?:[^\"\\\n]|\\.){1,300})\"|'((?:[^'\\\n]|\\.){1,300})'|`([^`\n]{1,300})`")
BARE = re.compile(r"[^\s\"'`=,;()\[\]{}<>|&]{2,200}")
OPTION = re.compile(r"(--?[A-Za-z][\w-]*)[= ]+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))")
INLINE = re.compile(r"(?<=\s)([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s;&|]+)")
DEFAULT = re.compile(r"^\$\{[^}:]*:-?=?([^}]*)\}$")
COMMENT = {
    "hash": re.compile(r"(?:^|\s)#.*$"),
    "slash": re.compile(r"(?:^|\s)//.*$"),
    "dash": re.compile(r"(?:^|\s)--\s.*$"),
    "bang": re.compile(r"^\s*[#!].*$"),
}
LONGEST = 20_000


def read_assignments(text: str, comment: str = "hash") -> Reading:
    """`.env`, properties and their like: each name with its value, defaults of `${NAME:default}` taken."""
    reading = Reading()
    for line, number in joined(text, comment):
        found = ASSIGNMENT.match(line)
        if found:
            reading.literals.append(Literal(value_of(found[2]), number, found[1], "", tuple(found[1].split(".")[:-1])))
    return reading


def read_shell(text: str) -> Reading:
    """Shell scripts and Makefiles: assignments, options with their values, and each line as a command."""
    reading = Reading()
    for line, number in joined(text, "hash"):
        found = ASSIGNMENT.match(line)
        if found:
            reading.literals.append(Literal(value_of(found[2]), number, found[1]))
        reading.literals += [Literal(value_of(inline[2]), number, inline[1]) for inline in INLINE.finditer(line)]
        reading.literals += [Literal(_option_value(option), number, option[1]) for option in OPTION.finditer(line)]
        reading.literals += [Literal(_quoted(quoted), number) for quoted in QUOTED.finditer(line)]
        reading.commands.append((line, number))
        reading.literals += _json_fields(line, number)
    return reading


def read_dockerfile(text: str) -> Reading:
    """A Dockerfile: ENV and ARG with their values, RUN, CMD and ENTRYPOINT as commands, FROM as a literal of its own key."""
    reading = Reading()
    for line, number in joined(text, "hash"):
        word, _, rest = line.strip().partition(" ")
        word = word.upper()
        if word in ("ENV", "ARG", "LABEL"):
            reading.literals += _docker_pairs(rest, number)
        elif word == "FROM":
            reading.literals.append(Literal(rest.split(" AS ")[0].split(" as ")[0].split()[-1] if rest.split() else "", number, "FROM"))
        elif word in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
            command = " ".join(_quoted(part) for part in QUOTED.finditer(rest)) if rest.lstrip().startswith("[") else rest
            reading.add(read_shell(command), number - 1)
            reading.commands.append((f"{word} {command}", number))
    return reading


def read_words(text: str, comment: str = "hash") -> Reading:
    """Any text: quoted strings, assignments and bare words. For languages without a parser of ours."""
    reading = Reading()
    for line, number in joined(text, comment):
        found = ASSIGNMENT.match(line)
        if found:
            reading.literals.append(Literal(value_of(found[2].rstrip(",;")), number, found[1]))
        quoted = [_quoted(part) for part in QUOTED.finditer(line)]
        reading.literals += [Literal(part, number) for part in quoted]
        rest = QUOTED.sub(" ", line)
        reading.literals += [Literal(word[0].rstrip(".,:;"), number, "", "word") for word in BARE.finditer(rest)]
        reading.commands.append((line, number))
    return reading


def joined(text: str, comment: str) -> Iterator[tuple[str, int]]:
    """Lines without comments, those that end in a backslash joined with the next; each with the number it begins on."""
    kept, begin = "", 0
    pattern = COMMENT[comment]
    for number, raw in enumerate(text.splitlines(), 1):
        if len(raw) > LONGEST:
            continue
        line = pattern.sub("", raw) if not kept or raw.lstrip().startswith("#") else raw
        begin = begin or number
        if line.rstrip().endswith(("\\", "`")) and len(kept) < LONGEST and not line.rstrip().endswith("\\\\"):
            kept += line.rstrip()[:-1] + " "
            continue
        if (kept + line).strip():
            yield kept + line, begin
        kept, begin = "", 0
    if kept.strip():
        yield kept, begin


def value_of(raw: str) -> str:
    """A value without its quotes; the default of `${NAME:-default}`."""
    raw = raw.strip().rstrip(";").strip()
    if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'`":
        raw = raw[1:-1]
    default = DEFAULT.match(raw)
    return default[1].strip("\"'") if default else raw


def _quoted(found: re.Match[str]) -> str:
    return next((part for part in found.groups() if part is not None), "")


def _option_value(found: re.Match[str]) -> str:
    return value_of(next((part for part in found.groups()[1:] if part is not None), "").rstrip(",;)"))


FIELD = re.compile(r"\\?\"([A-Za-z_]\w*)\\?\"\s*:\s*\\?\"([^\"\\]{1,200})\\?\"")


def _json_fields(line: str, number: int) -> list[Literal]:
    """`-d '{"model": "x"}'` in a curl command."""
    return [Literal(found[2], number, found[1], "json") for found in FIELD.finditer(line)]


def _docker_pairs(rest: str, number: int) -> Iterator[Literal]:
    pairs = re.findall(r"([A-Za-z_][\w.-]*)=(\"[^\"]*\"|'[^']*'|\S*)", rest)
    if not pairs and " " in rest:
        name, _, value = rest.partition(" ")
        pairs = [(name, value)]
    if not pairs:
        pairs = [(rest.strip(), "")]
    for name, value in pairs:
        yield Literal(value_of(value), number, name)


TAG = re.compile(r"<([\w.:-]+)((?:\s+[\w.:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*/?>([^<]{0,300})")
ATTRIBUTE = re.compile(r"([\w.:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
XML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def read_markup(text: str) -> Reading:
    """XML and HTML by their tags, without entities or external anything: attributes and the text of elements."""
    text = XML_COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    reading = Reading()
    at = line = 0
    for found in TAG.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        for attribute in ATTRIBUTE.finditer(found[2]):
            reading.literals.append(Literal(attribute[2] or attribute[3] or "", line + 1, attribute[1], found[1]))
        if found[3].strip():
            reading.literals.append(Literal(found[3].strip(), line + 1, found[1]))
    return reading


CODE_SPAN = re.compile(r"`([^`\n]{2,160})`")
FENCE = re.compile(r"^\s*(```|~~~)")


def read_prose(text: str) -> Reading:
    """Documentation: code spans, and what stands in code blocks as words."""
    reading = Reading()
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif inside and len(line) < LONGEST:
            reading.add(read_words(line), number - 1)
        elif len(line) < LONGEST:
            reading.literals += [Literal(found[1], number, "", "word") for found in CODE_SPAN.finditer(line)]
    reading.commands = []
    return reading
