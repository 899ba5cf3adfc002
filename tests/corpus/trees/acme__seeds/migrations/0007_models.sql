-- gpt-3.5-turbo was removed in 0006
INSERT INTO llm_models (id, provider, context) VALUES
  ('gpt-4o-mini', 'openai', 128000),
  ('claude-3-opus-20240229', 'anthropic', 200000),
  ('gemini-1.5-flash', 'google', 1000000);
INSERT INTO plans (id, label) VALUES ('gold-2', 'Gold');
UPDATE settings SET value = 'text-embedding-3-large' WHERE key = 'embedding_model';
