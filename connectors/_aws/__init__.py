"""What every AWS connector shares: settings, one read-only session per account, errors in our words, pages that end.

    aws = session(settings, tools, "sagemaker")
    client = aws.client("sagemaker", "eu-west-1")
    for endpoint in pages(client, "ListEndpoints", "Endpoints"):
        reply = call(client, "DescribeEndpoint", EndpointName=endpoint["EndpointName"])

Only the operations that operations.toml lists for the connector leave the machine; any other is refused before it is sent.
"""

from connectors._aws.access import Aws, Regions, session, sessions
from connectors._aws.accounts import Accounts
from connectors._aws.guard import NotReadOnly, allowed
from connectors._aws.replies import Gone, call, errors, pages, replies
from connectors._aws.settings import AwsSettings
from connectors._aws.values import account_of, gap_of, known, labels, region_of, utc

__all__ = [
    "Accounts",
    "Aws",
    "AwsSettings",
    "Gone",
    "NotReadOnly",
    "Regions",
    "account_of",
    "allowed",
    "call",
    "errors",
    "gap_of",
    "known",
    "labels",
    "pages",
    "region_of",
    "replies",
    "session",
    "sessions",
    "utc",
]
