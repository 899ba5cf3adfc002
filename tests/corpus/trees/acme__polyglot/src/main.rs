use async_openai::{types::CreateChatCompletionRequestArgs, Client};

const EMBED: &str = "jina-embeddings-v3";

async fn ask() {
    let request = CreateChatCompletionRequestArgs::default().model("deepseek-chat").build();
}
