module github.com/acme/polyglot

go 1.22

require (
	github.com/sashabaranov/go-openai v1.30.0
	github.com/ollama/ollama v0.4.0 // indirect
)
