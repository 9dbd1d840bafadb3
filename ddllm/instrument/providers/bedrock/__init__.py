"""AWS Bedrock: what its answers say.

read            a finished call -> `Answer`, on the worker
asked           a call's request -> what it asked for, on the worker
content_marker  a model id -> "does this chunk carry the first content?", on the caller's thread
identify        a model id -> who made it, what it is called, how its bodies read
"""

from ddllm.call import Answer, Call
from ddllm.instrument.providers.bedrock import asked, converse, finish, invoke, operation
from ddllm.instrument.providers.bedrock.invoke import content_marker
from ddllm.instrument.providers.bedrock.model_id import Model, identify

__all__ = ["Model", "asked", "content_marker", "identify", "read"]


def read(call: Call, model_id: str, *, whole: bool = False) -> Answer:
    """Read what was said in a call. `model_id` is the call's, aliases of ddllm.yaml resolved.

    Of a stream, what the model said is read as far as it takes to know how it begins, or `whole`.

    Whatever the bytes are, nothing is raised: what cannot be read stays None or unknown.
    """
    model = identify(model_id)
    if call.api == "Converse":
        answer = converse.read(call)
    elif call.api == "ConverseStream":
        answer = converse.read_stream(call)
    else:
        answer = Answer(operation.of(model, call.request))
        if call.stream:
            invoke.read_stream(call, model, answer, whole=whole)
        else:
            invoke.read(call, model, answer)
    if answer.finish is not None:
        answer.finish_reason = finish.reason(answer.finish)
    return answer
