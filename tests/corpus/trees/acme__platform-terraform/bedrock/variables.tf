variable "agent_foundation_model" {
  description = "What the agent answers with; see https://docs.example.com/gpt-4"
  type        = string
  default     = "anthropic.claude-3-5-sonnet-20240620-v1:0"
}

variable "embedding_model_arn" {
  default = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.titan-embed-text-v2:0"
}

# variable "old" { default = "anthropic.claude-v2" }
variable "engine_version" { default = "15.4" }
variable "db_engine" { default = "aurora-postgresql" }
