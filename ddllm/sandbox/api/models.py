"""Bodies checked with the models of the installed datadog-api-client: what it could not have sent is refused."""

import re
from functools import cache
from importlib import import_module
from typing import Any, Literal

Version = Literal["v1", "v2"]


def model_error(model: str, body: Any, version: Version = "v1") -> str | None:
    """Return what is wrong with a body as a model of the client, named as its class; None where it fits."""
    from datadog_api_client.exceptions import OpenApiException  # noqa: PLC0415 - 180 ms, for the first write
    from datadog_api_client.model_utils import validate_and_convert_types  # noqa: PLC0415 - as above

    convert: Any = validate_and_convert_types  # the client annotates it in part
    try:
        parsed = convert(body, (_class(model, version),), ["body"], True, True, configuration=_configuration())
    except (OpenApiException, TypeError) as error:  # TypeError: a required argument of the model's constructor
        return _readable(str(error))
    return "Invalid value: a type or enumeration in the body is unknown" if _unparsed(parsed) else None


@cache
def _class(model: str, version: Version) -> Any:
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", model).lower()
    return getattr(import_module(f"datadog_api_client.{version}.model.{module}"), model)


@cache
def _configuration() -> Any:
    from datadog_api_client import Configuration  # noqa: PLC0415 - as above

    return Configuration()  # type: ignore[no-untyped-call]


def _unparsed(parsed: Any) -> bool:
    return bool(getattr(parsed, "_unparsed", False))


def _readable(text: str) -> str:
    missing = re.search(r"missing \d+ required positional arguments?: (.+)", text)
    return f"Missing required attributes: {missing.group(1)}" if missing else text
