"""How an AWS account is reached, and how its tags are read."""

from typing import Self

from pydantic import Field, model_validator

from scanner.contracts import SecretName, SourceSettings


class AwsSettings(SourceSettings):
    """What every AWS source's Settings share. Credentials come from the standard chain unless said otherwise."""

    profile: str = Field(default="", description="profile of the AWS config files; empty: AWS's standard chain of credentials")
    access_key_env: SecretName = Field(
        default="", description="variable, or file:/path, that holds an access key id; empty: profile or chain"
    )
    secret_key_env: SecretName = Field(
        default="", description="variable, or file:/path, that holds its secret; together with access_key_env"
    )
    session_token_env: SecretName = Field(
        default="", description="variable, or file:/path, that holds a session token, if the key is temporary"
    )
    role_arn: str = Field(default="", description="role to assume, read-only; {account} in it stands for each of `accounts`")
    external_id: str = Field(default="", description="external id that the role's trust policy asks for")
    accounts: tuple[str, ...] = Field(default=(), description="account ids to read through role_arn; empty: the credentials' own")
    account: str = Field(default="", description="account id where there is no STS to ask (an S3-compatible store); empty: asked of STS")
    regions: tuple[str, ...] = Field(default=(), description="regions to read; empty: every region that the account has enabled")
    endpoint_url: str = Field(default="", description="base URL of a private endpoint, a store or an emulator; empty: AWS's own")
    environment: str = Field(default="", description="environment of what no tag says it of, such as production; empty: unknown")
    environment_tags: tuple[str, ...] = Field(
        default=("environment", "env", "stage"), description="tag keys that name the environment, first found wins, in any case"
    )
    owner_tags: tuple[str, ...] = Field(
        default=("owner", "team", "service-owner"), description="tag keys that name the owner, first found wins, in any case"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.access_key_env) != bool(self.secret_key_env):
            raise ValueError("access_key_env and secret_key_env go together")
        if self.access_key_env and self.profile:
            raise ValueError("give either profile or access_key_env, not both")
        if self.accounts and "{account}" not in self.role_arn:
            raise ValueError("accounts needs a role_arn that holds {account}, such as arn:aws:iam::{account}:role/gnomon")
        if "{account}" in self.role_arn and not self.accounts:
            raise ValueError("role_arn holds {account}: list the account ids in accounts")
        return self
