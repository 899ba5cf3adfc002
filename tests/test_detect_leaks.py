"""Keys of AI providers that lie in a file: found, and known by a keyed fingerprint only."""

import random
import string

import msgspec
import pytest

from scanner.detect.pool import LocalDetector
from scanner.detect.rules.leaks import entropy, fingerprint, shapes


def made(alphabet: str, length: int, seed: str) -> str:
    """A key as a provider would draw it, and nobody's."""
    drawn = random.Random(seed)
    return "".join(drawn.choice(alphabet) for _ in range(length))


LETTERS, MIXED, HEX = string.ascii_letters, string.ascii_letters + string.digits, "0123456789abcdef"
KEYS = {
    "openai": f"sk-proj-{made(MIXED, 74, 'a')}T3BlbkFJ{made(MIXED, 74, 'b')}",
    "anthropic": f"sk-ant-api03-{made(MIXED, 93, 'c')}AA",
    "huggingface": f"hf_{made(LETTERS, 34, 'd')}",
    "groq": f"gsk_{made(MIXED, 52, 'e')}",
    "replicate": f"r8_{made(MIXED, 37, 'f')}",
    "perplexity": f"pplx-{made(MIXED, 48, 'g')}",
    "openrouter": f"sk-or-v1-{made(HEX, 64, 'h')}",
    "nvidia": f"nvapi-{made(MIXED, 64, 'i')}",
    "langsmith": f"lsv2_pt_{made(HEX, 32, 'j')}_{made(HEX, 10, 'k')}",
    "together": f"tgp_v1_{made(MIXED, 43, 'l')}",
    "xai": f"xai-{made(MIXED, 80, 'm')}",
    "bedrock": f"ABSK{made(MIXED, 120, 'n')}",
    "pinecone": f"pcsk_{made(MIXED, 5, 'o')}_{made(MIXED, 63, 'p')}",
    "cerebras": f"csk-{made(HEX, 48, 'q')}",
    "google": f"AIza{made(MIXED, 35, 'r')}",
}


def leaked(text: str, path: str = "app.py", key: bytes = b"key") -> list[tuple[str, str]]:
    (found,) = [found for _, found in LocalDetector(fingerprint_key=key).detect([(path, text.encode())])]
    return [(fact.provider, str(fact.attributes["fingerprint"])) for fact in found.facts if fact.attributes.get("type") == "leak"]


@pytest.mark.parametrize("provider", KEYS)
def test_a_key_is_found_and_no_part_of_it_leaves(provider: str) -> None:
    secret = KEYS[provider]
    (found,) = [found for _, found in LocalDetector(fingerprint_key=b"key").detect([("app.py", f'KEY = "{secret}"\n'.encode())])]
    leaks = [fact for fact in found.facts if fact.attributes.get("type") == "leak"]
    assert {leak.provider for leak in leaks} == {provider}
    assert leaks[0].identifiers == (f"kfp:{fingerprint(secret, b'key')}",)
    told = msgspec.json.encode(found).decode()
    assert not [secret[at : at + 8] for at in range(8, len(secret) - 8) if secret[at : at + 8] in told]


def test_one_secret_has_one_fingerprint_wherever_it_lies() -> None:
    secret = KEYS["groq"]
    places = [leaked(f"KEY = '{secret}'\n"), leaked(f"GROQ_API_KEY={secret}\n", ".env"), leaked(f'{{"k": "{secret}"}}\n', "a.json")]
    assert len({fingerprint for found in places for _, fingerprint in found}) == 1


def test_another_installation_has_other_fingerprints() -> None:
    text = f"KEY = '{KEYS['groq']}'\n"
    ((_, one),), ((_, other),) = leaked(text, key=b"one"), leaked(text, key=b"other")
    assert one != other
    assert one.split(":")[0] != other.split(":")[0]


@pytest.mark.parametrize(
    "text",
    [
        "KEY = 'sk-ant-api03-" + "x" * 93 + "AA'",
        "KEY = 'gsk_" + "0" * 52 + "'",
        "KEY = 'hf_your" + "x" * 30 + "'",
        "KEY = 'hf_" + "EXAMPLE" * 4 + "abcdef'",
        "KEY = 'AIzaSyabcdefghijklmnopqrstuvwxyz1234567'",
        "OPENAI_API_KEY=sk-...",
        "mistral = 'instruct'",
        "from huggingface_hub import hf_hub_download",
    ],
)
def test_an_example_is_no_leak(text: str) -> None:
    assert leaked(text + "\n") == []


def test_every_shape_has_a_provider_and_wakes_the_prefilter() -> None:
    assert all(row.provider and row.wake and row.keywords for row in shapes())


def test_entropy_counts_bits() -> None:
    assert (entropy(""), entropy("aaaa"), entropy("abab"), entropy("abcd")) == (0.0, 0.0, 1.0, 2.0)
