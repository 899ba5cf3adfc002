"""What each kind of file gives up: one case for each way of writing a thing down."""

import json

import pytest

from scanner.detect.pool import LocalDetector


def told(path: str, text: str) -> set[tuple[str, str]]:
    (found,) = [found for _, found in LocalDetector(fingerprint_key=b"k").detect([(path, text.encode())])]
    assert not found.unread.startswith("defect")
    return {(fact.kind, fact.model_id or fact.name) for fact in found.facts}


def of_kind(path: str, text: str, kind: str) -> set[str]:
    return {name for each, name in told(path, text) if each == kind}


MODELS = {
    "a keyword argument": ("a.py", "import openai\nopenai.OpenAI().responses.create(model='acme-tune-7b-v2')\n", {"acme-tune-7b-v2"}),
    "a constant used further on": ("a.py", "import ollama\nNAME = 'phi'\nollama.chat(model=NAME)\n", {"phi"}),
    "a constant in another language": (
        "A.java",
        'import dev.langchain4j.x.Y;\nclass A { String small = "phi"; Y y = Y.builder().modelName(small); }\n',
        {"phi"},
    ),
    "an f-string of constants": (
        "a.py",
        "from transformers import pipeline\nORG = 'tiiuae'\nm = f'{ORG}/falcon-7b-instruct'\n",
        {"tiiuae/falcon-7b-instruct"},
    ),
    "an enum member": ("a.py", "import openai\nclass M(str, Enum):\n    FAST = 'gpt-4o-mini'\n    DEEP = 'o3'\n", {"gpt-4o-mini"}),
    "a default of a parameter": ("a.py", "import litellm\ndef ask(model='mistral/mistral-small-latest'): ...\n", {"mistral-small-latest"}),
    "a default of the environment": (
        "a.py",
        "import os\nM = os.getenv('LLM_MODEL', 'claude-3-5-haiku-latest')\n",
        {"claude-3-5-haiku-latest"},
    ),
    "a list of models": ("a.ts", "import OpenAI from 'openai';\nexport const MODELS = ['gpt-4o', 'o1', 'o3'];\n", {"gpt-4o", "o1", "o3"}),
    "a union of literals": ("a.ts", "type Model = 'claude-3-opus-20240229' | 'gpt-4-turbo';\n", {"claude-3-opus-20240229", "gpt-4-turbo"}),
    "a call of a provider": ("a.ts", "import { openai } from '@ai-sdk/openai';\nconst m = openai('gpt-5-mini');\n", {"gpt-5-mini"}),
    "an option of a server in a list": (
        "a.yaml",
        "command: [vllm, serve]\nargs:\n  - --model\n  - acme/chat-7b-v2\n  - --port\n  - '80'\n",
        {"acme/chat-7b-v2"},
    ),
    "an environment in compose": ("compose.yaml", "services:\n  app:\n    environment:\n      - OPENAI_MODEL_NAME=gpt-4.1\n", {"gpt-4.1"}),
    "a service that names its runner's entry": (
        "compose.yaml",
        "services:\n  a:\n    models:\n      qwen3-small:\n        model_var: M\n  b:\n    models: [qwen3-small]\n"
        "models:\n  qwen3-small:\n    model: ai/qwen3:8B-Q4_0\n",
        {"ai/qwen3:8B-Q4_0"},
    ),
    "a model runner": ("compose.yaml", "models:\n  llm:\n    model: ai/gemma3-qat:27B-Q4_K_M\n", {"ai/gemma3-qat:27B-Q4_K_M"}),
    "a hub address": ("a.yaml", "storageUri: hf://acme/chat-7b@main\n", {"acme/chat-7b"}),
    "weights by their address": (
        "a.yaml",
        "kind: InferenceService\napiVersion: serving.kserve.io/v1beta1\nspec: {storageUri: 's3://b/m/1'}\n",
        {"s3://b/m/1"},
    ),
    "an image that is a model": ("values.yaml", "image:\n  repository: nvcr.io/nim/meta/llama3-8b-instruct\n", {"meta/llama3-8b-instruct"}),
    "a field of a custom resource": (
        "m.yaml",
        "apiVersion: ollama.ayaka.io/v1\nkind: Model\nmetadata: {name: x}\nspec:\n  image: phi\n",
        {"phi"},
    ),
    "a template that is no YAML": ("t.yaml", "{{- range .Values.m }}\nx: {{ . }}\n{{- end }}\nmodel: gpt-4o\n  odd:\n", {"gpt-4o"}),
    "a default in a template": (
        "t.yaml",
        'env:\n  - name: LLM_MODEL\n    value: {{ .Values.m | default "gpt-4o-mini" }}\n',
        {"gpt-4o-mini"},
    ),
    "a configuration in a ConfigMap": ("c.yaml", "data:\n  a.yaml: |\n    llm:\n      model: gpt-4o\n      temperature: 0\n", {"gpt-4o"}),
    "code in a ConfigMap": (
        "c.yaml",
        "data:\n  a.py: |\n    from vllm import LLM\n    llm = LLM(model='facebook/opt-125m')\n",
        {"facebook/opt-125m"},
    ),
    "a Terraform default": ("v.tf", 'variable "model_id" {\n  default = "amazon.nova-lite-v1:0"\n}\n', {"amazon.nova-lite-v1:0"}),
    "an ARN": (
        "v.tf",
        'x = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"\n',
        {"anthropic.claude-3-haiku-20240307-v1:0"},
    ),
    "an ARN whose account is known when it runs": (
        "v.tf",
        'x = "arn:aws:bedrock:${local.region}:${local.id}:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0"\n',
        {"us.anthropic.claude-3-7-sonnet-20250219-v1:0"},
    ),
    "an address of an API": (
        "a.ts",
        "const u = `https://${host}/openai/deployments/gpt-4o/chat/completions?api-version=1`;\n",
        {"gpt-4o"},
    ),
    "an address with a verb": (
        "a.go",
        'var u = "https://x.googleapis.com/v1beta/models/gemini-1.5-pro:generateContent"\n',
        {"gemini-1.5-pro"},
    ),
    "a variable's default": ("main.parameters.json", '{"chat": {"value": "${CHAT_MODEL_NAME=gpt-4o-mini}"}}\n', {"gpt-4o-mini"}),
    "a default in an option": (
        "compose.yaml",
        "services:\n  a:\n    command: --model=${LLM:-acme/llama-7b-chat}\n",
        {"acme/llama-7b-chat"},
    ),
    "a constant of an SDK": (
        "a.go",
        'import openai "github.com/sashabaranov/go-openai"\nvar r = openai.ChatCompletionRequest{Model: openai.GPT4oMini}\n',
        {"gpt-4o-mini"},
    ),
    "metadata in code": (
        "a.py",
        "import openai\nf = field(metadata={'choices': ['falcon-40b-instruct', 'vicuna-33b']})\n",
        {"falcon-40b-instruct"},
    ),
    "a Terraform template": (
        "t.tftpl",
        "kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - args: [--model, acme/chat-7b-v2]\n    image: vllm/vllm-openai:v1\n",
        {"acme/chat-7b-v2"},
    ),
    "weights of a custom resource": (
        "m.yaml",
        "apiVersion: kubeai.org/v1\nkind: Model\nmetadata: {name: x}\nspec:\n  url: gs://b/m/opt\n",
        {"gs://b/m/opt"},
    ),
    "Bicep": ("a.bicep", "model: {\n  format: 'OpenAI'\n  name: 'gpt-35-turbo'\n}\n", {"gpt-35-turbo"}),
    "a Dockerfile": (
        "Dockerfile",
        "FROM ollama/ollama\nENV EMBEDDING_MODEL=nomic-embed-text\nRUN ollama serve & ollama pull qwen2.5:0.5b\n",
        {"nomic-embed-text", "qwen2.5:0.5b"},
    ),
    "an .env file": (".env", "# LLM_MODEL=gpt-4\nLLM_MODEL='gpt-4o' \n", {"gpt-4o"}),
    "properties with a default": ("application.properties", "spring.ai.openai.chat.options.model=${MODEL:gpt-4o}\n", {"gpt-4o"}),
    "HOCON": ("application.conf", 'akka.javasdk.agent.openai {\n  model-name = "gpt-4o-mini"\n}\n', {"gpt-4o-mini"}),
    "a Makefile": (
        "Makefile",
        "run:\n\tMODEL_ID=Qwen/Qwen2.5-7B-Instruct ./run --model mistralai/Mistral-7B-v0.1\n",
        {"Qwen/Qwen2.5-7B-Instruct", "mistralai/Mistral-7B-v0.1"},
    ),
    "a curl in a script": (
        "a.sh",
        """curl x/v1/chat/completions -d '{"model": "llama-3.3-70b-versatile"}'\n""",
        {"llama-3.3-70b-versatile"},
    ),
    "a seed in SQL": ("a.sql", "INSERT INTO m VALUES (1, 'gpt-4o', 'x');\n-- 'gpt-4'\n", {"gpt-4o"}),
    "a workflow's input": (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    steps:\n      - uses: x/y@v1\n        with:\n          openai_model: gpt-4\n",
        {"gpt-4"},
    ),
    "usage text": ("a.go", 'package a\nvar usage = "tool ask --model=llama3.2:1b <prompt>"\n', {"llama3.2:1b"}),
    "Vertex by its path": ("a.py", "m = 'publishers/google/models/gemini-2.0-flash'\n", {"gemini-2.0-flash"}),
    "a fine-tune": ("a.py", "import openai\nM = 'ft:gpt-4o-mini-2024-07-18:acme::abc123'\n", {"ft:gpt-4o-mini-2024-07-18:acme::abc123"}),
    "Ruby": ("a.rb", "client.chat(parameters: { model: 'gpt-4o' })\n", {"gpt-4o"}),
    "PHP": ("a.php", "<?php $c->create(['model' => 'gpt-4o']);\n", {"gpt-4o"}),
    "Kotlin": ("a.kt", 'val chat = OpenAI(model = "gpt-4o")\n', {"gpt-4o"}),
    "C#": ("a.cs", 'var c = new ChatClient(model: "gpt-4o", key);\n', {"gpt-4o"}),
    "Rust": ("a.rs", 'const M: &str = "gpt-4o";\n', {"gpt-4o"}),
    "Scala": ("a.scala", 'val model = "gpt-4o"\n', {"gpt-4o"}),
    "Swift": ("a.swift", 'let model = "gpt-4o"\n', {"gpt-4o"}),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_model_is_found(case: str) -> None:
    path, text, expected = MODELS[case]
    assert of_kind(path, text, "model") >= expected


NO_MODELS = {
    "a type annotation": ("a.py", "import openai\ndef f(model: str, m: 'Model' = None): ...\n"),
    "a comment": ("a.py", "import openai\n# model='gpt-4'\nx = 1  # gpt-4o\n"),
    "a docstring": ("a.py", 'import openai\ndef f():\n    """Asks gpt-4o."""\n'),
    "a sentence": ("a.py", "import openai\nprint('gpt-4o is asked')\n"),
    "a placeholder": ("a.py", "import openai\nopenai.create(model='your-model-7b')\n"),
    "an environment's name": ("a.py", "import openai, os\nopenai.create(model=os.environ['OPENAI_MODEL_V2'])\n"),
    "a template": ("a.yaml", "llm:\n  model: ${LLM_MODEL}\n  other: $(MODEL_ID)\n"),
    "a provider": ("a.ts", "import OpenAI from 'openai';\nenum P { MISTRAL = 'mistral', GEMINI = 'gemini' }\n"),
    "a served alias": ("a.sh", "vllm serve acme/m-7b --served-model-name gpt-4o\n"),
    "a resource's name": ("a.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: llama-3-8b-instruct\n"),
    "a dataset": ("a.yaml", "model_name_or_path: acme/m-7b\ndataset_mixer:\n  HuggingFaceH4/openhermes-2.5-h4: 1.0\n"),
    "an output": ("a.yaml", "model_name_or_path: acme/m-7b\noutput_dir: data/zephyr-7b-dpo\nhub_model_id: zephyr-7b-dpo\n"),
    "an image": ("a.yaml", "services: {a: {image: 'nvidia/cuda:11.0.3-base-ubuntu20.04'}}\nx: openai\n"),
    "a file": ("a.py", "import torch\ntorch.load('resnet-50.pth'); open('gpt-4.md')\n"),
    "a table of a database": ("models.py", "from django.db import models\nmodel = models.CharField(default='model-3')\n"),
    "a constant of another class": (
        "a.go",
        'import openai "github.com/sashabaranov/go-openai"\nvar r = Version.V4_1\nvar x = Car.GPT_4_1\n',
    ),
    "a page of the hub": ("a.sh", "curl https://huggingface.co/datasets/acme/chat-7b\ncurl https://huggingface.co/docs/transformers\n"),
    "an architecture or a template": ("a.py", "import trl\nTEMPLATES = ['qwen3_vl', 'qwen2_5_vl', 'llama_2_text']\n"),
    "a resource's name in code": ("a.py", "import openai\nx = {'kind': 'Model', 'metadata': {'name': 'facebook-opt-125m'}}\n"),
    "a pattern of ARNs": ("v.tf", 'x = "arn:aws:bedrock:*::foundation-model/anthropic.claude-*"\n'),
    "an address of documentation": ("a.ts", "const u = 'https://platform.openai.com/docs/models/gpt-4o';\n"),
    "a variable's other default": ("a.yaml", "llm:\n  region: ${REGION:-us-east-1}\n"),
    "arithmetic in a template": ("a.ts", "import OpenAI from 'openai';\nconst x = `gpt-${A-4}`;\n"),
    "a class of a library": ("a.py", "import vllm\nARCHITECTURES = ['Gemma3ForCausalLM', 'Qwen3_5MoeForConditionalGeneration']\n"),
    "a parser's name": ("a.yaml", "vllm:\n  tool-call-parser: phi4_mini_json\n  reasoning-parser: deepseek_r1\n"),
    "what is called after a model": ("a.yaml", "inference:\n  config: gpt-oss-120b-config\n  claim: llama-3-8b-pvc\n"),
    "a variable's name in a string": ("a.py", "import openai, os\nx = os.environ['GPT4O_MODEL_NAME']\n"),
    "a machine's model": ("a.go", 'import "github.com/sashabaranov/go-openai"\nvar s = S{GPUModel: "NVIDIA-A10-24Q"}\n'),
    "settings under a tool's name": ("a.yaml", "x-ollama: &ollama\n  command: [serve]\n  image: ollama/ollama\n"),
    "an OpenAPI sample": ("o.yaml", "openapi: 3.0.0\nx: |\n  import openai\n  openai.create(model='VAR_model_7b')\n"),
}
LEFT = {"a served alias": {"acme/m-7b"}, "a dataset": {"acme/m-7b"}, "an output": {"acme/m-7b"}}


@pytest.mark.parametrize("case", NO_MODELS)
def test_what_is_no_model_is_not_found(case: str) -> None:
    path, text = NO_MODELS[case]
    assert of_kind(path, text, "model") == LEFT.get(case, set())


SDKS = {
    "requirements.txt": (
        "openai>=1  # chat\nlangchain-anthropic\n-e git+https://github.com/huggingface/peft.git#egg=peft\n",
        {"openai", "anthropic", "huggingface"},
    ),
    "pyproject.toml": ('[project]\ndependencies = ["crewai[tools]>=0.1"]\n[dependency-groups]\ndev = ["ragas"]\n', {"crewai", "ragas"}),
    "Pipfile": ('[packages]\nollama = "*"\n', {"ollama"}),
    "setup.py": ("setup(install_requires=['torch>=2', 'requests'])\n", {"torch"}),
    "environment.yml": ("dependencies:\n  - pytorch=2.1\n  - pip:\n      - litellm\n", {"torch", "litellm"}),
    "package.json": (
        '{"dependencies": {"ai": "4", "@langchain/langgraph": "0.2"}, "scripts": {"openai": "x"}}',
        {"vercel-ai", "langgraph"},
    ),
    "go.mod": ("require (\n\tgithub.com/openai/openai-go v0.1.0\n\tgithub.com/ollama/ollama v0.1 // indirect\n)\n", {"openai"}),
    "pom.xml": ("<dependency>\n<groupId>dev.langchain4j</groupId>\n<artifactId>langchain4j</artifactId>\n</dependency>", {"langchain4j"}),
    "build.gradle.kts": ('implementation("org.springframework.ai:spring-ai-openai:1.0")\n', {"spring-ai"}),
    "gradle/libs.versions.toml": ('[libraries]\nx = { module = "ai.koog:koog-agents", version = "1" }\n', {"koog"}),
    "build.sbt": ('libraryDependencies += "com.openai" % "openai-java" % "1"\n', {"openai"}),
    "Cargo.toml": ('[dependencies]\nasync-openai = "0.2"\n', {"openai"}),
    "Gemfile": ('gem "ruby-openai", "~> 7"\n', {"openai"}),
    "App.csproj": ('<PackageReference Include="Microsoft.SemanticKernel" Version="1.0" />', {"semantic-kernel"}),
    "composer.json": ('{"require": {"openai-php/client": "^0.10"}}', {"openai"}),
    "mix.exs": ('defp deps do [{:langchain, "~> 0.3"}] end', {"langchain"}),
    "pubspec.yaml": ("dependencies:\n  google_generative_ai: ^0.4.0\n", {"google-genai"}),
    "Dockerfile": ("FROM python\nRUN pip install --no-cache-dir vllm==0.6 numpy\n", {"vllm"}),
    "a.py": (
        "from google import genai\nimport os, transformers\nfrom azure.ai.inference import x\n",
        {"google-genai", "huggingface", "azure-openai"},
    ),
    "script.py": ('# /// script\n# dependencies = ["anthropic"]\n# ///\n', {"anthropic"}),
    "a.mjs": (
        "import OpenAI from 'npm:openai@4';\nconst { HfInference } = require('@huggingface/inference');\n",
        {"openai", "huggingface"},
    ),
    "a.go": ('package a\nimport (\n\t"github.com/tmc/langchaingo/llms"\n)\n', {"langchaingo"}),
    "A.kt": ("import org.springframework.ai.chat.client.ChatClient\n", {"spring-ai"}),
    "A.cs": ("\ufeffusing Azure.AI.OpenAI;\n", {"azure-openai"}),
    "a.rs": ("use rmcp::ServerHandler;\n", {"mcp"}),
    "a.rb": ("require 'anthropic'\n", {"anthropic"}),
}


@pytest.mark.parametrize("path", SDKS)
def test_an_sdk_is_found(path: str) -> None:
    text, expected = SDKS[path]
    assert of_kind(path, text, "sdk") == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "django-haystack\nflux-led\ngraphite-whisper\n# openai\n"),
        ("a.py", "from together import cooperate\nfrom haystack import indexes\nimport datasets\n"),
        ("package-lock.json", '{"dependencies": {"openai": {}}}'),
        ("a.go", 'package a\nimport "github.com/alecthomas/chroma/v2"\n'),
        ("package.json", '{"dependencies": {"aim": "1", "sonar": "2", "main": "3"}}'),
    ],
)
def test_a_name_that_is_also_a_word_is_no_sdk(path: str, text: str) -> None:
    assert of_kind(path, text, "sdk") == set()


POD = "spec: {template: {spec: {containers: [{name: c, image: %s, args: %s}]}}}\n"
DEPLOYMENTS = {
    "a known image": (
        "a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n" + POD % ("vllm/vllm-openai", "[]"),
        {"vllm"},
    ),
    "a known command": (
        "a.yaml",
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n" + POD % ("acme/x", "[vllm, serve, acme/m]"),
        {"vllm"},
    ),
    "a leader and its workers": (
        "a.yaml",
        "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\n"
        "spec: {leaderWorkerTemplate: {leaderTemplate: {spec: {containers: [{image: lmsysorg/sglang}]}}}}\n",
        {"sglang"},
    ),
    "Knative": (
        "a.yaml",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n"
        + POD % ("ghcr.io/huggingface/text-generation-inference:2", "[]"),
        {"tgi"},
    ),
    "KServe": ("a.yaml", "apiVersion: serving.kserve.io/v1alpha1\nkind: LLMInferenceService\nmetadata: {name: a}\nspec: {}\n", {"kserve"}),
    "a gateway's inference pool": (
        "a.yaml",
        "apiVersion: inference.networking.k8s.io/v1\nkind: InferencePool\nmetadata: {name: a}\n",
        {"gateway-api-inference"},
    ),
    "compose": ("docker-compose.yml", "services:\n  llm:\n    image: ${IMAGE:-ollama/ollama:latest}\n", {"ollama"}),
    "a chart's values": ("values.yaml", "image:\n  repository: ghcr.io/berriai/litellm\n", {"litellm"}),
    "an image and a model side by side": (
        "values.yaml",
        "modelSpec:\n  - repository: acme/cpu-server\n    modelURL: facebook/opt-125m\n",
        {"model-server"},
    ),
    "CloudFormation": ("t.yaml", "Resources:\n  E:\n    Type: AWS::SageMaker::Endpoint\n", {"sagemaker"}),
    "CloudFormation in JSON": ("t.template", json.dumps({"Resources": {"A": {"Type": "AWS::Bedrock::Agent"}}}), {"bedrock"}),
    "Terraform": ("a.tf", 'resource "aws_sagemaker_endpoint" "a" {}\n', {"sagemaker"}),
    "Azure with OpenAI": ("a.tf", 'resource "azurerm_cognitive_account" "a" { kind = "OpenAI" }\n', {"azure-openai"}),
    "Bicep": (
        "a.bicep",
        "resource d 'Microsoft.CognitiveServices/accounts/deployments@2024-10-01' = {\n  name: 'gpt-4o'\n}\n",
        {"azure-openai"},
    ),
    "CDK": ("stack.ts", "import * as s from 'aws-cdk-lib/aws-sagemaker';\nnew s.CfnEndpoint(this, 'E', {});\n", {"sagemaker"}),
    "a script": ("run.sh", "docker run -d -p 11434:11434 ollama/ollama\n", {"ollama"}),
}


@pytest.mark.parametrize("case", DEPLOYMENTS)
def test_a_deployment_is_found(case: str) -> None:
    path, text, expected = DEPLOYMENTS[case]
    assert of_kind(path, text, "deployment") == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ollama-docs}\n" + POD % ("nginx", "[]")),
        (
            "crd.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
            "metadata: {name: models.ollama.ayaka.io}\nspec: {group: ollama.ayaka.io}\n",
        ),
        ("a.tf", 'resource "azurerm_cognitive_account" "a" { kind = "SpeechServices" }\n'),
        ("pyproject.toml", '[project.urls]\nrepository = "https://github.com/ggml-org/llama.cpp"\n'),
        (
            "a.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n" + POD % ("nvcr.io/nvidia/tritonserver:24.06-py3-sdk", "[]"),
        ),
    ],
)
def test_what_deploys_no_ai_is_not_found(path: str, text: str) -> None:
    assert of_kind(path, text, "deployment") == set()


AGENTS = {
    "a client's configuration": (".mcp.json", '{"mcpServers": {"web": {"command": "npx"}}}', {"web"}),
    "an editor's": (".vscode/mcp.json", '{\n  "servers": {"web": {"type": "http", "url": "https://x"}}\n}', {"web"}),
    "a list of servers": ("config.yaml", "mcpServers:\n  - name: web\n    command: npx\n", {"web"}),
    "Codex": ("config.toml", '[mcp_servers.web]\ncommand = "npx"\n', {"web"}),
    "an MCP server": ("s.py", "from mcp.server.fastmcp import FastMCP\nm = FastMCP('x')\n", {"mcp-server"}),
    "an MCP server in TypeScript": (
        "s.ts",
        "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\nnew McpServer({});\n",
        {"mcp-server"},
    ),
    "an MCP server in Go": (
        "s.go",
        'package a\nimport "github.com/mark3labs/mcp-go/server"\nvar s = server.NewMCPServer("a", "1")\n',
        {"mcp-server"},
    ),
    "CrewAI": ("c.py", "from crewai import Agent, Crew\na = Agent(role='x')\n", {"crewai"}),
    "LangGraph": ("g.py", "from langgraph.prebuilt import create_react_agent\na = create_react_agent(m, [])\n", {"langgraph"}),
    "Google ADK": ("a.py", "from google.adk.agents import LlmAgent\nroot = LlmAgent(name='x')\n", {"google-adk"}),
    "AutoGen": ("a.py", "from autogen_agentchat.agents import AssistantAgent\nAssistantAgent('x')\n", {"autogen"}),
    "agents in a file of their own": ("config/agents.yaml", "writer:\n  role: Writer\n  goal: Write\n", {"writer"}),
    "a gateway": ("compose.yaml", "services:\n  g:\n    image: docker/mcp-gateway:latest\n", {"docker/mcp-gateway"}),
    "Bedrock": ("a.tf", 'resource "aws_bedrockagent_agent" "desk" {}\n', {"desk"}),
}


@pytest.mark.parametrize("case", AGENTS)
def test_an_agent_is_found(case: str) -> None:
    path, text, expected = AGENTS[case]
    assert of_kind(path, text, "agent") == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "from django.db import models\nclass Agent(models.Model): ...\nAgent(name='x')\n"),
        ("a.py", "import openai\nAgent('x'); Task(); Pipeline()\n"),
        ("servers.json", '{"servers": {"web": {"url": "https://x", "command": "y"}}}'),
        ("graph.py", "g.add_node('a')\n"),
    ],
)
def test_a_class_called_agent_is_none(path: str, text: str) -> None:
    assert of_kind(path, text, "agent") == set()


def test_a_credential_is_found_by_its_name_and_never_by_its_value() -> None:
    text = "# OPENAI_API_KEY=x\nANTHROPIC_API_KEY=hunter2\nTEAM_HF_TOKEN=${HF_TOKEN}\nDB_PASSWORD=x\nOPENAI_API_KEY_HELP=x\n"
    assert of_kind(".env", text, "credential") == {"ANTHROPIC_API_KEY", "TEAM_HF_TOKEN", "HF_TOKEN"}
    assert "hunter2" not in repr(told(".env", text))


def test_datasets_are_found_where_code_loads_them() -> None:
    assert of_kind("a.py", "from datasets import load_dataset\nload_dataset('acme/tickets')\n", "dataset") == {"acme/tickets"}
    assert of_kind("r.yaml", "model_name_or_path: a/b\ndataset_mixer:\n  HuggingFaceH4/ultrachat_200k: 1.0\n", "dataset") == {
        "HuggingFaceH4/ultrachat_200k"
    }
