"""Why an answer ended: the providers' words, and the catalogue's word for each."""

#: Every word that a family or an API of Bedrock is known to use, in lower case. What is not here is `unknown`: vocabularies
#: grow, and a new word must not be counted as a known one.
REASONS = {
    # Converse, Anthropic, Nova
    "end_turn": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "pause_turn": "tool_use",
    "refusal": "refusal",
    "guardrail_intervened": "guardrail",
    "content_filtered": "content_filter",
    "malformed_model_output": "malformed",
    "malformed_tool_use": "malformed",
    "model_context_window_exceeded": "length",
    # Llama, Mistral, and all that speak like OpenAI
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filter",
    # Titan
    "finish": "stop",
    "finished": "stop",
    "stop_criteria_met": "stop_sequence",
    # Cohere
    "complete": "stop",
    "tool_call": "tool_use",
    "error_toxic": "content_filter",
    "error_limit": "length",
    "error": "error",
    # AI21
    "endoftext": "stop",
}


def reason(word: str) -> str:
    """Return the catalogue's word for a provider's."""
    return REASONS.get(word.lower(), "unknown")
