resource "aws_bedrockagent_agent" "helpdesk" {
  agent_name       = "helpdesk"
  foundation_model = var.agent_foundation_model
}

resource "aws_bedrock_guardrail" "pii" {
  name = "pii"
}
