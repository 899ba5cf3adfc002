import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";

enum Tier {
  Fast = "claude-3-5-haiku-latest",
  Deep = "claude-opus-4-20250514",
}

type Embedder = "text-embedding-3-small" | "voyage-3-lite";

export const title = (kind: string) => `model-${kind}`;
const client = new Anthropic({ apiKey: process.env.ANTHROPIC_API_KEY });
export const answer = () => client.messages.create({ model: Tier.Fast, max_tokens: 10 });
