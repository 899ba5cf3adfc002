"""How findings call things: in a person's words, with what is needed to find the thing."""

import pytest

from scanner.judge.said import model_name
from scanner.model import Asset, Kind


@pytest.mark.parametrize(
    ("key", "kind", "said"),
    [
        ("credential:aws/123456789012/access-key/AKIA1", "access-key", "the access key AKIA1 (account 123456789012)"),
        (
            "credential:github/acme/newsletter/actions/OPENAI_API_KEY",
            "actions-secret",
            "the Actions secret OPENAI_API_KEY of acme/newsletter",
        ),
        ("credential:github/acme/actions/OPENAI_API_KEY", "actions-secret", "the Actions secret OPENAI_API_KEY of acme"),
        ("credential:github/acme/web/environment/prod/KEY", "actions-secret", "the Actions secret KEY of acme/web, environment prod"),
        ("credential:prod-eu/llm/secret/openai", "kubernetes-secret", "the secret openai (prod-eu/llm)"),
        ("credential:arn:aws:secretsmanager:eu-west-1:1:secret:hf-Ab12", "secret", "the secret hf-Ab12 (account 1, eu-west-1)"),
        ("credential:something/else", "unheard-of", "the credential something/else"),
    ],
)
def test_a_credential_is_called_by_what_it_is_and_where(key: str, kind: str, said: str) -> None:
    assert model_name(Asset(key, Kind.CREDENTIAL, (), {"type": kind}, ())) == said
