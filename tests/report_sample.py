"""A report as a mid-sized organisation would get it, made by hand: for the tests of every reporter, and to look at.

`python -m tests.report_sample DIRECTORY [FINDINGS]` writes it there, with so many findings more.
"""

import sys
from pathlib import Path

import msgspec

from scanner.model import (
    Asset,
    Confidence,
    Coverage,
    Evidence,
    Finding,
    Gap,
    Kind,
    Link,
    Match,
    NearMiss,
    Point,
    Reason,
    Record,
    Relation,
    Report,
    Run,
    Scope,
    Severity,
    Sight,
    SourceRun,
    State,
    Status,
    Transition,
)

HOSTILE = (
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "=cmd|'/c calc'!A1", "line\nbreak\r\nand\ttab", "safe\u202egnp.exe",
    "\u2067אבג\u2069", "long" * 2500, "a path \udcff that is not UTF-8", "{{ 7*7 }}", "' onmouseover='alert(1)", "nul\x00inside",
)  # fmt: skip
"""Names as a hostile place would give them."""

EU = "endpoint:arn:aws:sagemaker:eu-west-1:111122223333:endpoint/fraud-scorer"
KEY = "credential:aws/111122223333/access-key/AKIAQ3EXAMPLEK7V2M4"
GATEWAY = "workload:prod-eu/llm/deployment/fraud-scorer"


def _seen(where: str, rule: str, sure: Confidence = Confidence.DECLARED) -> tuple[Evidence, ...]:
    return (Evidence(where, rule, sure),)


def _asset(key: str, kind: Kind, where: str, scope: str, identifiers: tuple[str, ...] = (), **attributes: object) -> Asset:
    return Asset(key, kind, identifiers, attributes, _seen(where, f"{kind}.listed"), (scope,))  # type: ignore[arg-type] # values of the sample


ASSETS = (
    _asset("repo:acme/fraud", Kind.REPOSITORY, "github:acme/fraud@9f1c2ab", "github/acme/fraud#content", ("uid:github:R_kgDOA1",), platform="github", organisation="acme", visibility="private", owners=("@acme/fraud-ml",)),
    _asset("repo:acme/support-bot", Kind.REPOSITORY, "github:acme/support-bot@77aa01c", "github/acme/support-bot#content", platform="github", organisation="acme", visibility="internal"),
    _asset("repo:acme/claims", Kind.REPOSITORY, "github:acme/claims@c0ffee1", "github/acme/claims#content", platform="github", organisation="acme", visibility="private"),
    _asset("artifact:s3://ml-prod/fraud/1.4/model.safetensors", Kind.ARTIFACT, "s3://ml-prod/fraud/1.4/model.safetensors", "aws/111122223333/s3/ml-prod", ("sha256:" + "4e" * 32,), platform="aws", account="111122223333", region="eu-west-1", bucket="ml-prod", format="safetensors", bytes=438_220_112, architecture="XGBoostForSequence", environment="prod-eu"),
    _asset("artifact:s3://ml-scratch/llama-3.1-8b-claims/", Kind.ARTIFACT, "s3://ml-scratch/llama-3.1-8b-claims/model-00001-of-00004.safetensors", "aws/111122223333/s3/ml-scratch", platform="aws", account="111122223333", bucket="ml-scratch", format="safetensors", bytes=16_060_522_240, public=True, base_model="meta-llama/Llama-3.1-8B"),
    _asset("image:ghcr.io/acme/fraud-scorer", Kind.IMAGE, "kubernetes:prod-eu/llm/deployment/fraud-scorer:spec.template.spec.containers[0].image", "kubernetes/prod-eu/llm", ("oci:ghcr.io/acme/fraud-scorer@sha256:" + "ab" * 32,), platform="kubernetes"),
    _asset(GATEWAY, Kind.WORKLOAD, "kubernetes:prod-eu/llm/deployment/fraud-scorer", "kubernetes/prod-eu/llm", ("uid:kubernetes:6b1f",), platform="kubernetes", cluster="prod-eu", namespace="llm", environment="prod-eu", type="deployment", running=True, replicas=3, server="triton", owner="fraud-ml"),
    _asset("endpoint:prod-eu/llm/ingress/fraud-scorer", Kind.ENDPOINT, "kubernetes:prod-eu/llm/ingress/fraud-scorer", "kubernetes/prod-eu/llm", platform="kubernetes", cluster="prod-eu", namespace="llm", environment="prod-eu", exposure="public", authenticated=False, url="https://fraud.acme.example/score", running=True),
    _asset(EU, Kind.ENDPOINT, "aws:111122223333/eu-west-1/sagemaker/endpoint/fraud-scorer", "aws/111122223333/eu-west-1/sagemaker", (EU.partition(":")[2],), platform="aws", account="111122223333", region="eu-west-1", environment="prod-eu", status="InService", running=True, exposure="internal"),
    _asset(KEY, Kind.CREDENTIAL, "aws:111122223333/iam/user/svc-fraud", "aws/111122223333/iam", platform="aws", account="111122223333", type="access-key", provider="aws", created="2025-02-11T08:00:00Z", last_used="2026-11-20T16:41:00Z", last_used_known=True, status="active", owner="fraud-ml"),
    _asset("credential:aws/111122223333/access-key/AKIAQ3EXAMPLEOLD01", Kind.CREDENTIAL, "aws:111122223333/iam/user/svc-churn-batch", "aws/111122223333/iam", platform="aws", account="111122223333", type="access-key", provider="aws", created="2024-05-02T09:12:00Z", last_used="2026-03-29T02:00:00Z", last_used_known=True, status="active"),
    _asset("credential:github/acme/actions/OPENAI_API_KEY", Kind.CREDENTIAL, "github:acme/actions/secrets", "github/acme", platform="github", organisation="acme", type="actions-secret", provider="openai", created="2024-01-20T10:00:00Z"),
    _asset("credential:stage/ml/secret/anthropic", Kind.CREDENTIAL, "kubernetes:stage/ml/secret/anthropic", "kubernetes/stage/ml", platform="kubernetes", cluster="stage", namespace="ml", environment="stage", type="kubernetes-secret", provider="anthropic", owner="@acme/claims"),
    _asset("model:acme/support-bot:openai/gpt-4o", Kind.MODEL, "github:acme/support-bot@77aa01c:src/answer.py:41", "github/acme/support-bot#content", ("api:openai/gpt-4o",), platform="github", organisation="acme", repository="repo:acme/support-bot", provider="openai", model_id="gpt-4o", context="production", path="src/answer.py", line=41, owner="@acme/support"),
    _asset("model:workload:prod-us/agents/deployment/triage:huggingface/mistralai/Mistral-7B-Instruct-v0.3", Kind.MODEL, "kubernetes:prod-us/agents/deployment/triage:spec.template.spec.containers[0].args", "kubernetes/prod-us/agents", ("hf:mistralai/Mistral-7B-Instruct-v0.3",), platform="kubernetes", cluster="prod-us", namespace="agents", environment="prod-us", provider="huggingface", model_id="mistralai/Mistral-7B-Instruct-v0.3"),
    _asset("workload:prod-us/agents/deployment/triage", Kind.WORKLOAD, "kubernetes:prod-us/agents/deployment/triage", "kubernetes/prod-us/agents", platform="kubernetes", cluster="prod-us", namespace="agents", environment="prod-us", type="deployment", running=True, server="vllm", gpu=1),
    _asset("endpoint:http://10.12.0.7:11434", Kind.ENDPOINT, "http://10.12.0.7:11434/api/tags", "endpoints/10.12.0.7:11434", platform="http", url="http://10.12.0.7:11434", server="ollama", running=True, exposure="internal", authenticated=False, environment="prod-us"),
    _asset("model:endpoint:http://10.12.0.7:11434:ollama/llama3:8b", Kind.MODEL, "http://10.12.0.7:11434/api/tags", "endpoints/10.12.0.7:11434", ("ollama:llama3:8b",), platform="http", provider="ollama", model_id="llama3:8b", environment="prod-us"),
    _asset("agent:acme/claims:mcp.json#claims-db", Kind.AGENT, "github:acme/claims@c0ffee1:mcp.json:7", "github/acme/claims#content", platform="github", organisation="acme", repository="repo:acme/claims", tools=("query", "update_claim"), context="production", owner="@acme/claims"),
    _asset("sdk:acme/support-bot:openai", Kind.SDK, "github:acme/support-bot@77aa01c:requirements.txt:3", "github/acme/support-bot#content", platform="github", organisation="acme", repository="repo:acme/support-bot", version="1.52.0", declared=True),
    _asset("identity:arn:aws:iam::111122223333:role/claims-summariser", Kind.IDENTITY, "aws:111122223333/iam/role/claims-summariser", "aws/111122223333/iam", platform="aws", account="111122223333", type="iam-role", over_privileged=True),
    _asset("person:github/acme/team/fraud-ml", Kind.PERSON, "github:acme/teams/fraud-ml", "github/acme", platform="github"),
    _asset("workload:stage/ml/deployment/claims-summariser", Kind.WORKLOAD, "kubernetes:stage/ml/deployment/claims-summariser", "kubernetes/stage/ml", platform="kubernetes", cluster="stage", namespace="ml", environment="stage", type="deployment", running=True, owner="@acme/claims"),
    _asset("workload:prod-eu/kyc/cronjob/kyc-rerank", Kind.WORKLOAD, "kubernetes:prod-eu/kyc/cronjob/kyc-rerank", "kubernetes/prod-eu/kyc", platform="kubernetes", cluster="prod-eu", namespace="kyc", environment="prod-eu", type="cronjob", running=True, schedule="0 3 1 * *", owner="kyc"),
)  # fmt: skip

RECORDS = (
    Record("MR-0031", "fraud-scorer", "1.4", State.RETIRED, "governance", "registry/fraud.toml:12", owner="fraud-ml", owner_person="person:github/u1042", approver="ana", risk_class="high", identifiers=("sha256:" + "4e" * 32,), transitions=(Transition(State.DEPLOYED, "2025-02-12T09:00:00Z"), Transition(State.RETIRED, "2026-03-03T10:30:00Z", "risk-board"))),
    Record("MR-0032", "fraud-scorer", "2.0", State.DEPLOYED, "governance", "registry/fraud.toml:58", owner="fraud-ml", risk_class="high"),
    Record("MR-0047", "kyc-reranker", "0.9", State.SUSPENDED, "governance", "registry/kyc.yaml:4", owner="kyc", risk_class="high", transitions=(Transition(State.SUSPENDED, "2026-10-01T00:00:00Z"),)),
    Record("MR-0050", "claims-summariser", "1.1", State.REJECTED, "governance", "registry/claims.yaml:9", owner="@acme/claims", risk_class="limited", transitions=(Transition(State.REJECTED, "2025-12-09T00:00:00Z"),)),
    Record("MR-0061", "llama-3.1-8b-instruct", "2024-07", State.APPROVED, "governance", "registry/llm.yaml:22", owner="platform-ai"),
    Record("MR-0063", "support-answers-gpt", "2024-11", State.DEPLOYED, "governance", "registry/llm.yaml:70", owner="@acme/support", risk_class="limited"),
    Record("MR-0070", "churn", "3.2", State.RETIRED, "governance", "registry/churn.csv:2", owner="growth"),
    Record("MR-0081", "ocr-invoices", "5.0", State.DEPLOYED, "governance", "registry/ocr.toml:1"),
)  # fmt: skip


def _link(source: str, relation: Relation, target: str, where: str, rule: str, sure: Confidence = Confidence.DECLARED) -> Link:
    return Link(source, relation, target, _seen(where, rule, sure))


IMAGE, WEIGHTS, INGRESS = "image:ghcr.io/acme/fraud-scorer", "artifact:s3://ml-prod/fraud/1.4/model.safetensors", "endpoint:prod-eu/llm/ingress/fraud-scorer"
LINKS = (
    _link("repo:acme/fraud", Relation.BUILDS, IMAGE, "github:acme/fraud@9f1c2ab:.github/workflows/release.yaml:31", "workflow.docker-push"),
    _link(GATEWAY, Relation.RUNS, IMAGE, "kubernetes:prod-eu/llm/deployment/fraud-scorer:spec.template.spec.containers[0].image", "pod.image"),
    _link(GATEWAY, Relation.LOADS, WEIGHTS, "kubernetes:prod-eu/llm/deployment/fraud-scorer:spec.template.spec.containers[0].env[2]", "env.model-uri", Confidence.INFERRED),
    _link(INGRESS, Relation.ROUTES, GATEWAY, "kubernetes:prod-eu/llm/ingress/fraud-scorer:spec.rules[0]", "ingress.backend"),
    _link(GATEWAY, Relation.READS, KEY, "kubernetes:prod-eu/llm/deployment/fraud-scorer:spec.template.spec.containers[0].envFrom[0]", "env.access-key-id"),
    _link(GATEWAY, Relation.OWNED, "person:github/acme/team/fraud-ml", "github:acme/fraud@9f1c2ab:.github/CODEOWNERS:1", "codeowners"),
)  # fmt: skip


def _finding(number: int, check: str, asset: str, severity: Severity, title: str, remedy: str, **rest: object) -> Finding:
    facts: dict[str, object] = {"first_seen": "2026-11-03T03:12:00Z", "last_seen": "2026-11-21T03:40:00Z", "evidence": _seen(f"{asset.partition(':')[2]}", f"judge.{check}")}
    return Finding(f"G-{number:06x}", check, asset, severity, title, remedy=remedy, **{**facts, **rest})  # type: ignore[arg-type] # values of the sample


_OLD = ("exposed to the internet without authentication", "production", "risk class high", "its access key is in use")
_NHI = ("NIST CSF 2.0 PR.AA-01", "NIST CSF 2.0 PR.AA-05", "NIST AI RMF GOVERN 1.7", "OWASP NHI1:2025")
_AM8 = ("NIST CSF 2.0 ID.AM-08", "NIST CSF 2.0 PR.PS-02", "NIST AI RMF GOVERN 1.7", "NIST AI RMF MANAGE 2.4", "EU AI Act 20", "ISO/IEC 42001 A.6.2.6")
_AM2 = ("NIST CSF 2.0 ID.AM-02", "NIST CSF 2.0 PR.PS-06", "NIST AI RMF GOVERN 1.6", "NIST AI RMF MAP 1.1", "ISO/IEC 42001 A.4.2")

FINDINGS = (
    _finding(0x3A91, "retired-but-running", GATEWAY, Severity.CRITICAL, "fraud-scorer 1.4 is retired and still scores payments in prod-eu", "Stop the deployment fraud-scorer in prod-eu/llm, or move its traffic to fraud-scorer 2.0, then deactivate its access key.", record="MR-0031", subject=WEIGHTS, owner="fraud-ml", because="strong sha256:4e4e4e4e…: the weights it loads are the ones of the record", severity_because=_OLD, controls=_AM8, chain=LINKS, due="2026-11-17", status=Status.ONGOING, evidence=(Evidence("kubernetes:prod-eu/llm/deployment/fraud-scorer:status.readyReplicas", "workload.running"), Evidence("s3://ml-prod/fraud/1.4/model.safetensors", "artifact.sha256"))),
    _finding(0x3A92, "retired-but-running", EU, Severity.CRITICAL, "fraud-scorer 1.4 is retired and still InService in SageMaker", "Delete the SageMaker endpoint fraud-scorer in eu-west-1 after its callers have moved.", record="MR-0031", owner="fraud-ml", because="strong sha256:4e4e4e4e…", severity_because=_OLD[1:3], controls=_AM8, chain=(_link(EU, Relation.LOADS, WEIGHTS, "aws:111122223333/eu-west-1/sagemaker/model/fraud-14", "sagemaker.model-data"),), due="2026-11-24", status=Status.NEW),
    _finding(0x1102, "suspended-but-running", "workload:prod-eu/kyc/cronjob/kyc-rerank", Severity.HIGH, "kyc-reranker 0.9 is suspended, and its monthly job is still scheduled", "Suspend the CronJob kyc-rerank until the review of MR-0047 is closed.", record="MR-0047", owner="kyc", because="pinned hf:acme/kyc-reranker@3d0c…", severity_because=("production", "risk class high"), controls=_AM8, due="2026-11-28", status=Status.REOPENED),
    _finding(0x1177, "rejected-but-running", "workload:stage/ml/deployment/claims-summariser", Severity.MEDIUM, "claims-summariser 1.1 was rejected and runs in stage", "Remove the deployment, or bring the model back to the board.", record="MR-0050", owner="@acme/claims", because="weak name:claims-summariser", severity_because=("not production",), controls=_AM8, due="2026-12-19", waived_by="W-2026-014 by risk-board until 31 December 2026: comparison run for the appeal", status=Status.ONGOING),
    _finding(0x2001, "unregistered-running", "workload:prod-us/agents/deployment/triage", Severity.HIGH, "Mistral-7B-Instruct-v0.3 runs in prod-us and no record knows it", "Register the model with its owner and purpose, or stop the deployment triage.", subject="model:workload:prod-us/agents/deployment/triage:huggingface/mistralai/Mistral-7B-Instruct-v0.3", because="no record lists hf:mistralai/Mistral-7B-Instruct-v0.3", severity_because=("production", "no owner"), controls=(*_AM2, "OWASP ASI10"), near_misses=(NearMiss("MR-0061", "llama-3.1-8b-instruct", 0.61),), due="2026-11-28", chain=(_link("workload:prod-us/agents/deployment/triage", Relation.SERVES, "model:workload:prod-us/agents/deployment/triage:huggingface/mistralai/Mistral-7B-Instruct-v0.3", "kubernetes:prod-us/agents/deployment/triage:spec.template.spec.containers[0].args", "vllm.args-model"),)),
    _finding(0x2002, "unregistered-running", "endpoint:http://10.12.0.7:11434", Severity.HIGH, "An Ollama server answers in prod-us with llama3:8b", "Find who runs 10.12.0.7, register llama3:8b or shut the server down.", subject="model:endpoint:http://10.12.0.7:11434:ollama/llama3:8b", because="no record lists ollama:llama3:8b", severity_because=("production", "answers without authentication"), controls=_AM2, near_misses=(NearMiss("MR-0061", "llama-3.1-8b-instruct", 0.74),), due="2026-11-28", status=Status.NEW),
    _finding(0x2003, "unregistered-stored", "artifact:s3://ml-scratch/llama-3.1-8b-claims/", Severity.HIGH, "16 GB of weights fine-tuned on claims lie in a public bucket", "Close ml-scratch to the public today; register the fine-tune as derived from MR-0061, or delete it.", because="no record lists its digest or its base's derivatives", severity_because=("readable by anyone", "derived from claims data"), controls=_AM2, near_misses=(NearMiss("MR-0061", "llama-3.1-8b-instruct", 0.82), NearMiss("MR-0050", "claims-summariser", 0.55)), due="2026-11-19", owner="@acme/claims", status=Status.ONGOING),
    _finding(0x2004, "unregistered-coded", "model:acme/support-bot:openai/gpt-4o", Severity.MEDIUM, "acme/support-bot calls gpt-4o outside the approved use", "Add api:openai/gpt-4o to MR-0063, or register the bot's use of it.", owner="@acme/support", because="no record lists api:openai/gpt-4o for this repository", severity_because=("production code", "no live workload found"), controls=_AM2, near_misses=(NearMiss("MR-0063", "support-answers-gpt", 0.77),), due="2026-12-19", chain=(_link("repo:acme/support-bot", Relation.USES, "model:acme/support-bot:openai/gpt-4o", "github:acme/support-bot@77aa01c:src/answer.py:41", "python.openai.chat"), _link("repo:acme/support-bot", Relation.READS, "credential:github/acme/actions/OPENAI_API_KEY", "github:acme/support-bot@77aa01c:.github/workflows/deploy.yaml:18", "actions.secret")), status=Status.NEW, evidence=_seen("github:acme/support-bot@77aa01c:src/answer.py:41", "python.openai.chat")),
    _finding(0x4001, "orphaned-credential", "credential:aws/111122223333/access-key/AKIAQ3EXAMPLEOLD01", Severity.HIGH, "The key of svc-churn-batch outlived the churn model", "Deactivate AKIAQ3EXAMPLEOLD01, watch for a week, then delete it with its user.", record="MR-0070", owner="growth", because="its model MR-0070 is retired, and AWS has seen no use for 237 days", severity_because=("may write to s3://ml-prod", "no consumer in any scope that was read"), controls=_NHI, due="2026-11-28", chain=(_link("identity:arn:aws:iam::111122223333:user/svc-churn-batch", Relation.HOLDS, "credential:aws/111122223333/access-key/AKIAQ3EXAMPLEOLD01", "aws:111122223333/iam/user/svc-churn-batch", "iam.access-key"),)),
    _finding(0x4002, "orphaned-credential", "credential:stage/ml/secret/anthropic", Severity.MEDIUM, "The secret anthropic in stage/ml is read by nothing", "Delete the secret, and revoke its key with the provider.", owner="@acme/claims", because="usable only in the cluster stage, which was read whole, and nothing there mounts it", severity_because=("not production",), controls=_NHI, due="2026-12-19", status=Status.ONGOING),
    _finding(0x5001, "unauthenticated-endpoint", INGRESS, Severity.CRITICAL, "fraud.acme.example answers anyone without authentication", "Put the ingress behind the gateway's authentication.", owner="fraud-ml", severity_because=("public", "its routes change data"), controls=("NIST CSF 2.0 PR.AA-05",), due="2026-11-23", status=Status.ONGOING),
    _finding(0x5002, "version-drift", "workload:prod-eu/kyc/cronjob/kyc-rerank", Severity.MEDIUM, "kyc-rerank runs 0.9.3; 0.9.1 was approved", "Approve 0.9.3 or roll back.", record="MR-0047", owner="kyc", severity_because=("production",), controls=("NIST CSF 2.0 PR.PS-01", "EU AI Act 43(4)"), due="2026-12-19"),
    _finding(0x5003, "ungoverned-agent", "agent:acme/claims:mcp.json#claims-db", Severity.HIGH, "An agent of acme/claims may change claims, and no record grants that", "Register the agent with its tools, or take update_claim from it.", owner="@acme/claims", severity_because=("may write", "production code"), controls=("OWASP ASI02",), due="2026-11-28"),
    _finding(0x5004, "over-privileged-identity", "identity:arn:aws:iam::111122223333:role/claims-summariser", Severity.MEDIUM, "The role claims-summariser may do anything in SageMaker", "Replace sagemaker:* by the three operations it uses.", owner="@acme/claims", controls=("OWASP NHI5:2025",), due="2026-12-19", status=Status.ONGOING),
    _finding(0x5005, "missing-owner", "artifact:s3://ml-prod/fraud/1.4/model.safetensors", Severity.LOW, "ocr-invoices 5.0 has no owner", "Name an owner in MR-0081.", record="MR-0081", controls=("NIST CSF 2.0 GV.RR-02",)),
    _finding(0x5006, "ghost-record", "repo:acme/claims", Severity.LOW, "ocr-invoices 5.0 is deployed in the registry and was seen nowhere", "Retire MR-0081, or say where it runs.", record="MR-0081", because="every scope that could run it was read", controls=("NIST CSF 2.0 ID.AM-02",), status=Status.ONGOING),
    _finding(0x5007, "unverified", "repo:acme/support-bot", Severity.INFO, "support-answers-gpt could not be checked: prod-ap was not read", "Give the scanner access to prod-ap.", record="MR-0063", owner="@acme/support", status=Status.LOST),
)  # fmt: skip

_K8S = "Add get and list on pods, services, deployments to the ClusterRole gnomon in that cluster (deploy/permissions/clusterrole.yaml)."
GAPS = (
    Gap("clusters", "kubernetes/prod-ap", Reason.DENIED, "403 on /api/v1/namespaces", _K8S),
    Gap("clusters", "kubernetes/dr-eu", Reason.DENIED, "403 on /api/v1/namespaces", _K8S),
    Gap("clusters", "kubernetes/edge-1", Reason.DENIED, "403 on /api/v1/namespaces", _K8S),
    Gap("clusters", "kubernetes/prod-us/secrets", Reason.SKIPPED, "secrets are not listed by default"),
    Gap("code", "github/acme/monolith#content", Reason.LIMIT, "pack of 4.1 GB, limit 2 GB", "Raise max_bytes of the source code, or split the repository."),
    Gap("code", "github/acme/legacy-etl#content", Reason.UNREACHABLE, "reset after 3 tries", "It is tried again in the next run."),
    Gap("buckets", "aws/111122223333/s3/ml-archive", Reason.DENIED, "ListObjectsV2: AccessDenied", "Allow s3:ListBucket on ml-archive to the role gnomon."),
    Gap("", "aws-bedrock", Reason.NO_SOURCE, "nothing reads AWS Bedrock: foundation models, agents", "add a [[source]] that reads it"),
    Gap("", "databricks", Reason.NO_SOURCE, "nothing reads Databricks: serving endpoints", "add a [[source]] that reads it"),
)  # fmt: skip

COVERAGE = Coverage(
    (
        Scope("aws", "aws", Sight.PARTLY, 318, 319), Scope("aws/111122223333", "aws", Sight.PARTLY, 318, 319), Scope("aws/111122223333/iam", "iam", Sight.READ, 212, 212),
        Scope("aws/111122223333/s3", "buckets", Sight.PARTLY, 11, 12), Scope("aws/111122223333/s3/ml-archive", "buckets", Sight.DENIED, 0, 1, "ListObjectsV2: AccessDenied"),
        Scope("aws-bedrock", "", Sight.NO_SOURCE, 0, None, "AWS Bedrock: foundation models, agents, provisioned throughput"),
        Scope("databricks", "", Sight.NO_SOURCE, 0, None, "Databricks: serving endpoints, jobs, Unity Catalog models"),
        Scope("github", "code", Sight.PARTLY, 812, 814), Scope("github/acme", "code", Sight.PARTLY, 812, 814),
        Scope("kubernetes", "clusters", Sight.PARTLY, 74, 127), Scope("kubernetes/dr-eu", "clusters", Sight.DENIED, 0, 1), Scope("kubernetes/edge-1", "clusters", Sight.DENIED, 0, 1),
        Scope("kubernetes/prod-ap", "clusters", Sight.DENIED, 0, 1), Scope("kubernetes/prod-eu", "clusters", Sight.READ, 41, 41),
        Scope("kubernetes/prod-us", "clusters", Sight.PARTLY, 22, 23), Scope("kubernetes/stage", "clusters", Sight.READ, 11, 11),
    ),
    GAPS,
)  # fmt: skip

RUN = Run(
    "2026-11-21T03-12-07Z-7c1e", "2026-11-21T03:12:07Z", "2026-11-21T03:41:55Z", False, "Acme Insurance", "Europe/Berlin",
    {"gnomon": "0.1.0", "catalogue": "2026.11.2", "rules": "14"}, {"config": "9b" * 32, "catalogue": "1f" * 32, "rules": "c4" * 32, "run before": "77" * 32},
    (
        SourceRun("code", "github", "app gnomon-reader, installation 4411 of acme", 814, 812, 779, 36, 48_113_204, 412.7),
        SourceRun("buckets", "s3", "arn:aws:sts::111122223333:assumed-role/gnomon", 12, 11, 0, 640, 9_220_114, 96.2),
        SourceRun("clusters", "kubernetes", "system:serviceaccount:gnomon:reader", 127, 74, 0, 902, 71_001_220, 188.0),
        SourceRun("iam", "iam", "arn:aws:sts::111122223333:assumed-role/gnomon", 212, 212, 0, 430, 2_110_004, 61.4),
    ),
    ("governance (files, registry/)",), False, "2026-11-20T03-12-05Z-1b20",
)  # fmt: skip

TREND = tuple(
    Point(f"run-{day}", f"2026-11-{day:02}T03:40:00Z", {"retired-but-running": retired, "suspended-but-running": 1, "unregistered-running": 9 - day // 4, "unregistered-coded": new, "orphaned-credential": 6 - day // 5, "version-drift": 3, "ghost-record": 5}, 1100 + 7 * day, 1260)
    for day, retired, new in zip(range(8, 22), (1, 1, 1, 2, 2, 2, 3, 3, 2, 2, 2, 2, 2, 2), (4, 4, 5, 5, 7, 7, 6, 6, 5, 5, 4, 3, 2, 1), strict=True)
)  # fmt: skip

RESOLVED = (
    _finding(0x6001, "leaked-credential", "repo:acme/claims", Severity.CRITICAL, "An OpenAI key lay in acme/claims", "", owner="@acme/claims", status=Status.RESOLVED),
    _finding(0x6002, "orphaned-credential", "credential:stage/ml/secret/anthropic", Severity.MEDIUM, "The deploy key of acme/ocr-spike opened a retired model", "", status=Status.RESOLVED),
)  # fmt: skip


def sample(more: int = 0, **changed: object) -> Report:
    """The report, with so many findings more, and with what the caller changes."""
    report = Report(
        RUN, COVERAGE, (*FINDINGS, *_many(more)), RESOLVED, ASSETS, LINKS, RECORDS, (Match(GATEWAY, "MR-0031", "strong sha256:4e4e", True),), TREND,
        {"model calls in tests": 41, "model calls in examples": 12, "small models inside libraries": 3},
    )  # fmt: skip
    return msgspec.structs.replace(report, **changed)


def hostile() -> Report:
    """A report in which every name is one that a hostile place would give."""
    assets = tuple(_asset(f"repo:{name}", Kind.REPOSITORY, name, name, (name,), owner=name, path=name, platform=name, environment=name) for name in HOSTILE)
    findings = tuple(
        _finding(at, "unregistered-coded" if at % 2 else "scope-drift", f"repo:{name}", Severity.HIGH, name, name, owner=name, subject=f"model:x:{name}", because=name,
                 severity_because=(name,), controls=(name,), near_misses=(NearMiss(name, name, 0.5),), chain=(Link(f"repo:{name}", Relation.USES, f"model:x:{name}", _seen(name, name)),),
                 evidence=_seen(name, name), waived_by=name if at % 3 == 0 else None, first_seen=name, due=name)
        for at, name in enumerate(HOSTILE)
    )  # fmt: skip
    coverage = Coverage(tuple(Scope(name, name, Sight.DENIED, 0, 1, name) for name in HOSTILE), tuple(Gap(name, name, Reason.DENIED, name, name) for name in HOSTILE))
    run = msgspec.structs.replace(RUN, organisation=HOSTILE[0], timezone=HOSTILE[1], registries=HOSTILE, previous=HOSTILE[1])
    records = tuple(Record(name, name, name, State.DEPLOYED, name, name) for name in HOSTILE)
    return sample(findings=findings, assets=assets, coverage=coverage, run=run, resolved=findings, records=records, counted=dict.fromkeys(HOSTILE, 1))


def _many(number: int) -> tuple[Finding, ...]:
    """Findings like those of the sample, in so many repositories."""
    severities = list(Severity)
    return tuple(
        msgspec.structs.replace(
            (model := FINDINGS[at % len(FINDINGS)]), id=f"M-{at:06x}", title=f"{model.title} ({at})", severity=severities[at % 5], owner=f"team-{at % 60:02}",
            asset=model.asset if at % 3 else f"repo:acme/service-{at}", waived_by=None,
        )
        for at in range(number)
    )  # fmt: skip


def _write(directory: str, more: str = "0") -> None:
    from reports import csv, html, json
    from scanner.contracts import Destination

    for reporter in (html.Html(html.Settings()), csv.Csv(csv.Settings()), json.Json(json.Settings())):
        sys.stdout.write("".join(f"{path}\n" for path in reporter.write(sample(int(more)), Destination(Path(directory)))))


if __name__ == "__main__":
    _write(*sys.argv[1:])
