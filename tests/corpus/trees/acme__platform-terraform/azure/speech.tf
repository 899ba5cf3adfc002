resource "azurerm_cognitive_account" "speech" {
  name = "acme-speech"
  kind = "SpeechServices"
}
