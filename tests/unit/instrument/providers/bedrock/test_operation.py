import pytest

from ddllm.instrument.providers.bedrock import identify, operation


@pytest.mark.parametrize(
    ("model_id", "request_body", "expected"),
    [
        ("anthropic.claude-v2", b'{"prompt": "\\n\\nHuman: hi"}', "text_completion"),
        ("anthropic.claude-v2", b'{"messages": [{"role": "user"}]}', "chat"),
        ("meta.llama3-8b-instruct-v1:0", b'{"prompt" : "hi"}', "text_completion"),
        ("amazon.titan-text-lite-v1", b'{"inputText": "hi"}', "text_completion"),
        ("amazon.titan-embed-text-v1", b'{"inputText": "hi"}', "embeddings"),
        ("amazon.nova-2-multimodal-embeddings-v1:0", None, "embeddings"),
        ("cohere.embed-english-v3", b'{"texts": ["hi"]}', "embeddings"),
        ("cohere.rerank-v3-5:0", b'{"query": "q", "documents": []}', "rerank"),
        ("cohere.command-r-v1:0", b'{"message": "hi"}', "chat"),
        ("amazon.nova-canvas-v1:0", b'{"taskType": "TEXT_IMAGE"}', "generate_content"),
        ("stability.sd3-5-large-v1:0", b'{"prompt": "a cat"}', "generate_content"),
        ("arn:aws:sagemaker:us-east-1:1:endpoint/e", b'{"prompt": "hi"}', "text_completion"),
        ("arn:aws:sagemaker:us-east-1:1:endpoint/e", b"not json", "chat"),
        ("meta.llama3-8b-instruct-v1:0", None, "text_completion"),
        ("mistral.pixtral-large-2502-v1:0", b'{"messages": []}', "chat"),
        ("does-not-exist", None, "chat"),
    ],
)
def test_the_operation_is_what_name_or_request_say(model_id, request_body, expected):
    assert operation.of(identify(model_id), request_body) == expected


def test_a_tools_property_does_not_make_a_chat_a_completion():
    asked = b'{"tools": [{"input_schema": {"properties": {"prompt": {"type": "string"}}}}], "messages": []}'
    assert operation.of(identify("anthropic.claude-3-haiku-20240307-v1:0"), asked) == "chat"


def test_a_key_within_a_text_is_none():
    asked = rb'{"prompt": "write {\"messages\": []}"}'
    assert operation.of(identify("anthropic.claude-v2"), asked) == "text_completion"


def test_a_text_that_equals_a_key_is_none():
    assert operation.of(identify("anthropic.claude-v2"), b'{"prompt": "messages"}') == "text_completion"
