"""The SDK around the calls: clients, their methods and events, stubs, responses, other operations and services."""

import copy
import inspect
import io
import json
import pickle
import pydoc
import weakref
from typing import Any
from unittest import mock

import boto3
import botocore.client
from botocore.awsrequest import AWSResponse
from botocore.eventstream import EventStream
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.e2e.transparency.world import (
    ASKED,
    MARK,
    MODEL,
    QUESTION,
    World,
    behaviour,
    kind,
    mask,
    names,
    plain,
    seen,
    unplaced,
    vanishes,
)

OPERATIONS = ("converse", "converse_stream", "invoke_model", "invoke_model_with_response_stream")
EVENTS = (
    "provide-client-params",
    "before-parameter-build",
    "before-call",
    "before-endpoint-resolution",
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "response-received",
    "needs-retry",
    "after-call",
    "after-call-error",
)


@behaviour
def sdk_methods_of_a_client(world: World) -> Any:
    client = world.client()
    result = {}
    for name in OPERATIONS:
        method = getattr(client, name)
        text = pydoc.render_doc(method, renderer=pydoc.plaintext)
        result[name] = [
            str(inspect.signature(method)),
            method.__name__,
            method.__qualname__,
            method.__module__,
            inspect.ismethod(method),
            mask(repr(method)).split(" of ")[0],
            plain(text.encode()),
        ]
    return result


@behaviour
def sdk_methods_of_classes(world: World) -> Any:
    methods = [
        *(
            getattr(StreamingBody, name)
            for name in ("read", "readinto", "readlines", "close", "__exit__", "__enter__", "iter_lines")
        ),
        *(getattr(EventStream, name) for name in ("__iter__", "close", "get_initial_response", "_parse_event")),
    ]
    return {
        method.__qualname__: [
            str(inspect.signature(method)),
            method.__name__,
            method.__doc__,
            method.__module__,
            inspect.isfunction(method),
            method.__annotations__,
            inspect.getsource(method),
            mask(repr(method)),
        ]
        for method in methods
    }


@behaviour
def sdk_classes(world: World) -> Any:
    classes = (StreamingBody, EventStream, botocore.client.BaseClient)
    return [
        [kind(one), [kind(base) for base in one.__mro__], sorted(vars(one)), pickle.loads(pickle.dumps(one)) is one]
        for one in classes
    ]


@behaviour
def sdk_the_call_behind_every_method(world: World) -> Any:
    call = botocore.client.BaseClient._make_api_call
    client = world.client()
    request = {"modelId": world.model(), "messages": QUESTION}
    return [
        str(inspect.signature(call)),
        call.__name__,
        call.__qualname__,
        seen(client._make_api_call, "Converse", request),
        seen(call, client, "Converse", request),
        seen(client._make_api_call, operation_name="Converse", api_params=request),
        unplaced(seen(client._make_api_call, "Converse")),
        seen(client._make_api_call, "NoSuchOperation", {}),
    ]


@behaviour
def sdk_clients(world: World) -> Any:
    client = world.new_client()
    world.converse(client)
    return [
        kind(client),
        [kind(one) for one in type(client).__mro__],
        [name for name in vars(client) if name != MARK],
        [name for name in dir(client) if name != MARK],
        client.meta.service_model.service_name,
        client.meta.region_name,
        plain(client.meta.method_to_api_mapping),
        seen(pickle.dumps, client),
        seen(lambda: kind(copy.copy(client))),
        seen(lambda: world.converse(copy.copy(client))),
        seen(client.close),
        seen(world.converse, client),
    ]


@behaviour
def sdk_clients_are_collected(world: World) -> Any:
    client = world.new_client()
    world.converse(client)
    list(world.stream(client))
    gone = weakref.ref(client)
    del client
    return vanishes(gone)


@behaviour
def sdk_clients_of_sessions(world: World) -> Any:
    session = boto3.session.Session(region_name="us-west-2")
    made = []
    session.events.register(
        "creating-client-class.bedrock-runtime", lambda class_attributes, **_: made.append(sorted(class_attributes))
    )
    client = session.client("bedrock-runtime", endpoint_url=world.url)
    return [
        made,
        client.meta.region_name,
        seen(world.converse, client),
        "bedrock-runtime" in session.get_available_services(),
    ]


@behaviour
def sdk_clients_with_a_class_of_the_application(world: World) -> Any:
    class Polite:
        def converse(self, **kwargs: Any) -> Any:
            return ["please", super().converse(**kwargs)]  # type: ignore[misc]

    session = boto3.session.Session()
    session.events.register(
        "creating-client-class.bedrock-runtime", lambda base_classes, **_: base_classes.insert(0, Polite)
    )
    client = session.client("bedrock-runtime", endpoint_url=world.url, region_name="eu-central-1")
    return [seen(world.converse, client), kind(client)]


@behaviour
def sdk_waiters_and_paginators(world: World) -> Any:
    client = world.client()
    return [
        client.waiter_names,
        seen(client.get_waiter, "anything"),
        [client.can_paginate(name) for name in (*OPERATIONS, "list_async_invokes")],
        seen(lambda: kind(client.get_paginator("list_async_invokes"))),
        seen(client.get_paginator, "converse"),
    ]


@behaviour
def sdk_other_operations_of_the_service(world: World) -> Any:
    client = world.client()
    return [
        seen(client.list_async_invokes),
        seen(client.apply_guardrail, guardrailIdentifier="g", guardrailVersion="1", source="INPUT", content=[]),
        seen(client.get_async_invoke, invocationArn="arn:aws:bedrock:eu-central-1:1:async-invoke/a"),
    ]


@behaviour
def sdk_other_services(world: World) -> Any:
    client = world.new_client("s3", signature_version="s3v4", s3={"addressing_style": "path"})
    client.meta.events.register("before-call", _to_the_object)
    bodies = [client.get_object(Bucket="b", Key="k")["Body"] for _ in range(4)]
    return [
        kind(client),
        [name for name in vars(client) if name.startswith("_dd")],
        seen(bodies[0].read),
        seen(lambda: list(bodies[1].iter_lines())),
        [seen(bodies[2].read, 3), seen(bodies[2].close)],
        seen(lambda: [bodies[3].readinto(bytearray(4)), bodies[3].read()]),
        names(bodies[0]),
        sorted(vars(bodies[0])),
        client.waiter_names,
        seen(lambda: client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}).partition("?")[0]),
    ]


def _to_the_object(params: dict[str, Any], **_: Any) -> None:
    params["url"] = params["url"].replace("/b/k", "/~exchange=object/model/any/invoke")


@behaviour
def sdk_signed_addresses(world: World) -> Any:
    client = world.client()
    return [
        seen(lambda: client.generate_presigned_url("list_async_invokes").partition("?")[0]),
        seen(client.generate_presigned_url, "no_such_operation"),
    ]


@behaviour
def sdk_responses_are_plain_dictionaries(world: World) -> Any:
    response = world.converse(exchange="converse-claude-tool")
    stream = world.client().converse_stream(modelId=world.model(), messages=QUESTION)
    body = world.client().invoke_model(modelId=world.model(), body=ASKED)
    return [
        type(response) is dict,
        response,
        json.dumps(response, sort_keys=True, default=str) == json.dumps(response, sort_keys=True),
        pickle.loads(pickle.dumps(response)) == response,
        copy.deepcopy(response) == response,
        [
            kind(one)
            for one in (response["ResponseMetadata"], response["ResponseMetadata"]["HTTPHeaders"], response["usage"])
        ],
        plain(pickle.loads(pickle.dumps(stream["ResponseMetadata"]))),
        [list(one) for one in (response, stream, body)],
        body["contentType"],
        seen(pickle.dumps, stream),
        seen(copy.deepcopy, body),
    ]


@behaviour
def sdk_responses_may_be_changed(world: World) -> Any:
    response = world.converse()
    response["usage"].clear()
    response.pop("output")
    response["mine"] = response
    again = world.converse()
    return [list(response), plain(again)]


def _listen(client: Any, log: list[Any]) -> None:
    for event in EVENTS:
        for how in ("register_first", "register", "register_last"):

            def handler(event_name: str = "", event: str = event, how: str = how, **kwargs: Any) -> None:
                log.append([event, how, event_name, sorted(kwargs), [kind(kwargs[name]) for name in sorted(kwargs)]])

            getattr(client.meta.events, how)(f"{event}.bedrock-runtime", handler)


@behaviour
def sdk_events_reach_the_applications_handlers(world: World) -> Any:
    client, log = world.new_client(retries={"mode": "standard", "total_max_attempts": 3}), []
    _listen(client, log)
    result = [
        seen(world.converse, client, error="ThrottlingException", first=1),
        seen(lambda: list(world.stream(client))),
        seen(world.body(client).read),
        seen(lambda: list(world.chunks(client))),
        seen(world.converse, client, error="ValidationException"),
        seen(world.converse, client, hang_up=True),
    ]
    return [len(result), [[event, how, name] for event, how, name, *_ in log], [entry[3:] for entry in log]]


@behaviour
def sdk_events_handlers_can_be_taken_back(world: World) -> Any:
    client, log = world.new_client(), []

    def handler(**kwargs: Any) -> None:
        log.append(kwargs["event_name"])

    for event in EVENTS:
        client.meta.events.register(event, handler, unique_id="mine")
    world.converse(client)
    before = len(log)
    for event in EVENTS:
        client.meta.events.unregister(event, handler, unique_id="mine")
    world.converse(client)
    return [log[:before], log[before:]]


@behaviour
def sdk_events_that_change_the_parameters(world: World) -> Any:
    client = world.new_client()

    def change(params: dict[str, Any], **_: Any) -> None:
        params["modelId"] = world.model(echo=True)
        params["system"] = [{"text": "Answer in French."}]

    client.meta.events.register("provide-client-params.bedrock-runtime.Converse", change)
    return seen(client.converse, modelId="something.else", messages=QUESTION)


@behaviour
def sdk_events_that_change_the_request(world: World) -> Any:
    client = world.new_client()

    def change(request: Any, **_: Any) -> None:
        request.headers["x-mine"] = "1"

    client.meta.events.register("before-sign.bedrock-runtime", change)
    return seen(world.converse, client, echo=True)


@behaviour
def sdk_events_that_answer_before_the_request_is_sent(world: World) -> Any:
    class Raw:
        def stream(self, **_: Any) -> Any:
            yield b'{"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}'

    client = world.new_client()
    client.meta.events.register(
        "before-send.bedrock-runtime",
        lambda request, **_: AWSResponse(request.url, 200, {"content-type": "application/json"}, Raw()),
    )
    return seen(world.converse, client)


@behaviour
def sdk_events_that_answer_before_the_call(world: World) -> Any:
    client = world.new_client()
    own: dict[str, Any] = {
        "stream": [{"messageStop": {"stopReason": "end_turn"}}],
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }
    client.meta.events.register(
        "before-call.bedrock-runtime", lambda **_: (AWSResponse(world.url, 200, {}, io.BytesIO()), own)
    )
    response = client.converse_stream(modelId=world.model(), messages=QUESTION)
    return [response is own, response["stream"] is own["stream"], plain(response)]


@behaviour
def sdk_events_that_replace_the_answer(world: World) -> Any:
    client = world.new_client()
    own = {"stream": iter([{"mine": {}}]), "body": io.BytesIO(b'{"mine": 1}')}

    def replace(parsed: dict[str, Any], **_: Any) -> None:
        for name, value in own.items():
            if name in parsed:
                parsed[name] = value

    client.meta.events.register("after-call.bedrock-runtime", replace)
    return [
        seen(lambda: world.body(client).read()),
        seen(lambda: list(world.stream(client))),
        seen(lambda: list(world.chunks(client))),
        own["body"].closed,
    ]


@behaviour
def sdk_stubber(world: World) -> Any:
    client = world.new_client()
    body = StreamingBody(io.BytesIO(b'{"stubbed": 1}'), 14)
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"text": "stubbed"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        "metrics": {"latencyMs": 4},
    }
    with Stubber(client) as stubber:
        stubber.add_response("converse", answer, {"modelId": MODEL, "messages": QUESTION})
        stubber.add_response("invoke_model", {"body": body, "contentType": "application/json"})
        stubber.add_client_error("converse_stream", "ThrottlingException", "slow down", 429)
        converse = seen(client.converse, modelId=MODEL, messages=QUESTION)
        invoked = client.invoke_model(modelId=MODEL, body=ASKED)
        result = [
            converse,
            type(invoked["body"]) is StreamingBody,
            names(body),
            seen(invoked["body"].read),
            seen(client.converse_stream, modelId=MODEL, messages=QUESTION),
            seen(stubber.assert_no_pending_responses),
            seen(client.converse, modelId=MODEL, messages=QUESTION),
        ]
    return [*result, seen(world.converse, client)]


@behaviour
def sdk_mocked_call(world: World) -> Any:
    original = botocore.client.BaseClient._make_api_call

    def fake(self: Any, operation_name: str, kwarg: dict[str, Any]) -> Any:
        return {"fake": operation_name} if operation_name == "Converse" else original(self, operation_name, kwarg)

    with mock.patch("botocore.client.BaseClient._make_api_call", new=fake):
        faked = [seen(world.converse), seen(lambda: list(world.stream()))]
    with mock.patch.object(
        botocore.client.BaseClient, "_make_api_call", autospec=True, return_value={"mocked": 1}
    ) as mocked:
        spied = [seen(world.converse), mocked.call_count, mocked.call_args.args[1]]
    return [faked, spied, seen(world.converse), botocore.client.BaseClient._make_api_call is original]


@behaviour
def sdk_mocked_body(world: World) -> Any:
    with mock.patch.object(StreamingBody, "read", return_value=b"mocked") as read:
        mocked = [seen(world.body().read), seen(world.body().read, 5), read.call_count]
    with mock.patch.object(StreamingBody, "read", autospec=True, side_effect=LookupError("mocked")):
        failed = seen(world.body().read)
    return [mocked, failed, seen(world.body().read)]


@behaviour
def sdk_stream_the_application_made_itself(world: World) -> Any:
    stream = world.stream()
    own = EventStream(stream._raw_stream, stream._output_shape, stream._parser, "Mine")
    return [names(own), seen(lambda: next(iter(own))), seen(own.close), seen(lambda: len(list(stream)))]
