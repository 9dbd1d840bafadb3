"""Calls that fail, and calls that the SDK repeats: what is raised, how often was tried."""

import copy
import pickle
import traceback
import weakref
from typing import Any

import boto3
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.e2e.transparency.world import ASKED, MODEL, QUESTION, World, behaviour, kind, plain, seen, vanishes

CODES = (
    "AccessDeniedException",
    "InternalServerException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "ValidationException",
    "NoveltyException",
)


@behaviour
def failure_of_each_code(world: World) -> Any:
    return {code: seen(world.converse, error=code) for code in CODES}


@behaviour
def failure_of_each_operation(world: World) -> Any:
    calls = (world.converse, world.stream, world.body, world.chunks)
    return [[seen(one, error="ThrottlingException"), seen(one, status=503), seen(one, hang_up=True)] for one in calls]


@behaviour
def failure_is_of_the_clients_own_class(world: World) -> Any:
    client = world.client()
    try:
        world.converse(error="ThrottlingException")
    except client.exceptions.ThrottlingException as error:
        return [
            kind(error),
            error.response["Error"]["Code"],
            error.operation_name,
            isinstance(error, ClientError),
            list(vars(error)),
        ]


@behaviour
def failure_that_is_no_json(world: World) -> Any:
    return [seen(world.converse, status=status) for status in (400, 403, 404, 418, 429, 500, 502, 503, 504)]


@behaviour
def failure_can_be_pickled_and_copied(world: World) -> Any:
    result = []
    for code in ("ThrottlingException", "NoveltyException"):
        try:
            world.converse(error=code)
        except ClientError as error:
            result.append(
                [
                    seen(lambda error=error: plain(pickle.loads(pickle.dumps(error)).response)),
                    seen(lambda error=error: str(copy.copy(error))),
                ]
            )
    return result


@behaviour
def failure_shows_where_the_application_called(world: World) -> Any:
    try:
        world.converse(error="ValidationException")
    except ClientError as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [one.name for one in frames if "transparency" in one.filename]
        return [own, frames[0].name, frames[-1].name, str(error) in traceback.format_exc()]


@behaviour
def failure_inside_an_except_block_keeps_its_context(world: World) -> Any:
    try:
        {}["of the application"]
    except LookupError:
        return [seen(world.converse, error="ValidationException"), seen(world.stream, error="ThrottlingException")]


@behaviour
def failure_holds_nothing_once_it_is_handled(world: World) -> Any:
    result = []
    for call in (world.converse, world.stream, world.body):
        try:
            call(error="ValidationException")
        except ClientError as error:
            gone = weakref.ref(error)
        result.append(vanishes(gone))
    return result


@behaviour
def failure_to_connect(world: World) -> Any:
    nobody = World("http://127.0.0.1:1", world.tag)
    return [seen(nobody.converse, nobody.new_client()), seen(nobody.stream, nobody.new_client())]


@behaviour
def failure_to_answer_in_time(world: World) -> Any:
    client = world.impatient()
    return [seen(call, client, ttfb=2000) for call in (world.converse, world.stream, world.body, world.chunks)]


@behaviour
def failure_of_a_connection_that_breaks_off(world: World) -> Any:
    return [seen(world.converse, hang_up=True), seen(world.chunks, hang_up=True), seen(world.converse, abort=True)]


@behaviour
def failure_of_parameters(world: World) -> Any:
    client = world.client()
    return [
        seen(client.converse),
        seen(client.converse, modelId=MODEL, messages="no list"),
        seen(client.converse, modelId=MODEL, messages=QUESTION, temperature=0.5),
        seen(client.converse, modelId=7, messages=QUESTION),
        seen(client.converse_stream, modelId="", messages=QUESTION),
        seen(client.invoke_model, body=ASKED),
        seen(client.invoke_model, modelId=MODEL, body={"not": "bytes"}),
        seen(client.invoke_model_with_response_stream, modelId=None, body=ASKED),
        seen(client.converse, MODEL),
    ]


@behaviour
def failure_of_names(world: World) -> Any:
    client = world.client()
    return [seen(lambda: client.no_such_operation), seen(lambda: client.exceptions.NoSuchException)]


@behaviour
def failure_without_credentials(world: World) -> Any:
    session = boto3.session.Session()
    session._session._credentials = Credentials("", "")
    session._session._credentials = None
    session._session._components.get_component("credential_provider").providers.clear()
    client = session.client("bedrock-runtime", endpoint_url=world.url, region_name="eu-central-1")
    return [seen(world.converse, client), seen(world.stream, client)]


@behaviour
def failure_raised_by_a_handler_of_the_application(world: World) -> Any:
    result = []
    for error in (LookupError("mine"), KeyboardInterrupt(), SystemExit(4), GeneratorExit(), BaseException("bare")):
        for event in ("provide-client-params", "before-send", "after-call"):
            client = world.new_client()

            def fail(error: BaseException = error, **_: Any) -> None:
                raise error

            client.meta.events.register(f"{event}.bedrock-runtime", fail)
            result.append([event, seen(world.converse, client), seen(world.stream, client)])
    return result


@behaviour
def retries_of_each_mode(world: World) -> Any:
    result = {}
    for mode in ("legacy", "standard", "adaptive"):
        client = world.client(retries={"mode": mode, "total_max_attempts": 3})
        for number, knobs in enumerate(({"error": "ThrottlingException"}, {"status": 503}, {"hang_up": True})):
            for name in ("converse", "stream", "body", "chunks"):
                world.tag = f"{mode}-{number}-{name}"
                result[world.tag] = seen(_metadata, world, client, name, first=2, **knobs)
    return result


def _metadata(world: World, client: Any, name: str, **knobs: Any) -> Any:
    if name == "converse":
        response = world.converse(client, **knobs)
    elif name == "stream":
        response = client.converse_stream(modelId=world.model(**knobs), messages=QUESTION)
    elif name == "body":
        response = client.invoke_model(modelId=world.model(**knobs), body=ASKED)
    else:
        response = client.invoke_model_with_response_stream(modelId=world.model(**knobs), body=ASKED)
    for value in response.values():
        if hasattr(value, "close"):
            value.close()
    return response["ResponseMetadata"]


@behaviour
def retries_that_do_not_help(world: World) -> Any:
    result = {}
    for mode in ("legacy", "standard", "adaptive"):
        client = world.client(retries={"mode": mode, "total_max_attempts": 3})
        for knobs in (
            {"error": "ThrottlingException"},
            {"status": 500},
            {"hang_up": True},
            {"error": "ValidationException"},
        ):
            result[f"{mode} {knobs}"] = [seen(world.converse, client, **knobs), seen(world.chunks, client, **knobs)]
    return result


@behaviour
def retries_after_a_timeout(world: World) -> Any:
    client = world.client(retries={"mode": "standard", "total_max_attempts": 2}, read_timeout=0.2)
    return seen(world.converse, client, ttfb=1000)


@behaviour
def stream_is_not_repeated_after_it_began(world: World) -> Any:
    client = world.client(retries={"mode": "standard", "total_max_attempts": 3})
    response = client.converse_stream(modelId=world.model(raising="throttlingException"), messages=QUESTION)
    return [plain(response["ResponseMetadata"]), seen(lambda: list(response["stream"]))]
