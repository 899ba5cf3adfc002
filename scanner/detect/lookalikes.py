"""What has the shape of a model's name and is a file, a variable, a class, or something called after a model."""

import re

FILE = re.compile(
    r"\.(py|pyc|ipynb|js|ts|tsx|jsx|mjs|java|go|rs|rb|php|cs|kt|c|h|cc|cpp|json|jsonl|ya?ml|toml|md|txt|html?|css|xml|csv|tsv|sh|sql|lock|log|png|jpe?g|gif|svg"
    r"|ico|pdf|zip|tar|gz|tgz|bz2|whl|onnx|gguf|bin|pt|pth|safetensors|h5|pkl|npz?|pb|tflite|parquet|cfg|ini|conf|env|proto|so|dll|exe|jar|war|mp3|wav|mp4|cache"
    r"|tokens?|model|vocab|com|io|org|net|dev|svc|local|git|service|properties|gradle|lua|robot|cmd|bat|ps1|mar|xlsx|docx?|pptx?|tmpl|tpl|j2|example|service\.ts)$",
    re.IGNORECASE,
)
OTHER = re.compile(  # a variable's name, a class of a library, and what is called after a model: its configuration, its volume, its prompts
    r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|^\w+For[A-Z][A-Za-z]+$"
    r"|[-_](?:config|configmap|prompts?|xml|service|svc|pvc|pod|secret|client|results?|outputs?|responses?|logs?|endpoint|inferencepool|epp)$"
)
TYPE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")  # how libraries call an architecture or a template: qwen2_5_vl
