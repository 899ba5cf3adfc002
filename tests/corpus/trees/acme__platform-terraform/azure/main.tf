resource "azurerm_cognitive_account" "openai" {
  name = "acme-openai"
  kind = "OpenAI"
}

resource "azurerm_cognitive_deployment" "chat" {
  name = "chat"
  model {
    format  = "OpenAI"
    name    = "gpt-4o"
    version = "2024-08-06"
  }
}
