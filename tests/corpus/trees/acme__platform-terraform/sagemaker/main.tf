locals {
  hub_model = "sentence-transformers/all-mpnet-base-v2"
}

resource "aws_sagemaker_model" "embedder" {
  name = "embedder-${var.stage}"
  primary_container {
    image = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/huggingface-pytorch-inference:2.1.0-transformers4.37.0-cpu-py310"
    environment = {
      HF_MODEL_ID = local.hub_model
      HF_TASK     = "feature-extraction"
    }
  }
}

resource "aws_sagemaker_model" "churn" {
  name = "churn"
  primary_container {
    image          = "683313688378.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    model_data_url = "s3://acme-ml-prod/churn/2024-11/model.tar.gz"
  }
}

resource "aws_sagemaker_endpoint" "embedder" {
  name                 = "embedder"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.embedder.name
}
