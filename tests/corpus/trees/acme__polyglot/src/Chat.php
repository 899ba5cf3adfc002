<?php
use OpenAI\Client;

$client = OpenAI::client(getenv('OPENAI_API_KEY'));
$client->chat()->create(['model' => 'gpt-4-turbo', 'messages' => []]);
