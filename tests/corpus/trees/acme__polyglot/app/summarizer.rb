require "openai"

class Summarizer
  MODEL = "gpt-4o"

  def call(text)
    client = OpenAI::Client.new(access_token: ENV.fetch("OPENAI_ACCESS_TOKEN"))
    client.chat(parameters: { model: MODEL, messages: [{ role: "user", content: text }] })
  end
end
