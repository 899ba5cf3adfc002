import dev.langchain4j.model.ollama.OllamaChatModel;

class Bot {
  private static final String NAME = "mistral-nemo:12b";
  OllamaChatModel model = OllamaChatModel.builder().baseUrl("http://localhost:11434").modelName(NAME).build();
}
