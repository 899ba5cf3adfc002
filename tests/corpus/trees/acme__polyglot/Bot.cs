using Azure.AI.OpenAI;

var client = new AzureOpenAIClient(new Uri(endpoint), new ApiKeyCredential(Environment.GetEnvironmentVariable("AZURE_OPENAI_API_KEY")));
var chat = client.GetChatClient("gpt-4o");
