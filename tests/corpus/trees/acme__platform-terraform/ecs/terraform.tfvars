llm_model     = "meta-llama/Llama-3.1-8B-Instruct"
instance_type = "g5.xlarge"
