"""AWS Bedrock: what its answers say.

read            a finished call -> `Answer`, on the worker
content_marker  a model id -> "does this chunk carry the first content?", on the caller's thread
identify        a model id -> who made it, what it is called, how its bodies read
"""

from ddllm.call import Answer, Call
from ddllm.instrument.providers.bedrock import converse, finish, invoke, operation
from ddllm.instrument.providers.bedrock.invoke import content_marker
from ddllm.instrument.providers.bedrock.model_id import Model, identify

__all__ = ["Model", "content_marker", "identify", "read"]


def read(call: Call, model_id: str) -> Answer:
    """Read what the provider said about a call. `model_id` is the call's, aliases of ddllm.yaml resolved.

    Whatever the bytes are, nothing is raised: what cannot be read stays None or unknown.
    """
    model = identify(model_id)
    if call.api == "Converse":
        answer = converse.read(call)
    elif call.api == "ConverseStream":
        answer = converse.read_stream(call)
    else:
        answer = Answer(operation.of(model, call.request))
        reader = invoke.read_stream if call.stream else invoke.read
        reader(call, model, answer)
    if answer.finish is not None:
        answer.finish_reason = finish.reason(answer.finish)
    return answer
