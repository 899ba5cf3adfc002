"""A place in JSON, as the config writes it: a JSON pointer (`/status/name`), or a JMESPath expression (`status.name`, `tags[0]`).

RFC 6901; jmespath.org. The library for the latter comes with boto3.
"""

from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator


def checked(path: str) -> str:
    """The path itself. Raises ValueError where it is none."""
    _expression(path)
    return path


Path = Annotated[str, AfterValidator(checked)]


def found(path: str, value: Any) -> Any:
    """What stands at the path; None where nothing does."""
    if not path:
        return value
    if path.startswith("/"):
        return _at(path, value)
    import jmespath

    try:
        return _expression(path).search(value)
    except jmespath.exceptions.JMESPathError:  # a function met a value of another type: nothing that could be read is there
        return None


def _at(pointer: str, value: Any) -> Any:
    for part in (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


@cache
def _expression(path: str) -> Any:
    import jmespath

    if not path or path.startswith("/"):
        return None
    try:
        return jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"{path!r} is neither a JSON pointer nor a JMESPath expression") from error
