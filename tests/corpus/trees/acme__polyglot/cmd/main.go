package main

import (
	"context"

	openai "github.com/sashabaranov/go-openai"
)

const summaryModel = "gpt-4.1-nano"

func main() {
	client := openai.NewClient(os.Getenv("OPENAI_API_KEY"))
	client.CreateChatCompletion(context.Background(), openai.ChatCompletionRequest{Model: summaryModel})
}
