resource "google_vertex_ai_endpoint" "ranker" {
  name         = "ranker"
  display_name = "ranker"
  location     = "europe-west4"
}
