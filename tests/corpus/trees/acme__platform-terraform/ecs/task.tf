resource "aws_ecs_task_definition" "vllm" {
  family = "vllm"
  container_definitions = jsonencode([{
    name    = "vllm"
    image   = "vllm/vllm-openai:v0.6.3"
    command = ["--model", var.llm_model]
    secrets = [{ name = "HF_TOKEN", valueFrom = aws_ssm_parameter.hf.arn }]
  }])
}
