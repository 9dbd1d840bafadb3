"""A comparison workload: which prompts go to which models, how often, and for how much money at most."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from ddllm.definitions.document import Document, Route, load, parse
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.problems import Problems
from ddllm.definitions.shape import Shape, check
from ddllm.errors import DefinitionError

#: The providers that a comparison can call.
PROVIDERS = ("aws.bedrock",)

CheckKind = Literal["contains", "not_contains", "regex", "equals", "max_length"]
ExpectedKind = Literal["json", "json_schema", "regex"]

_ESCAPE = re.compile(r"\\.")

_Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Model:
    """One model, by the id with which its provider is asked for it."""

    provider: str
    id: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something that an answer must hold, or must not."""

    kind: CheckKind
    value: str | int

    def passes(self, text: str) -> bool:
        """Whether an answer does as the check says. White space around the answer counts for nothing but its length."""
        value = str(self.value)
        match self.kind:
            case "contains":
                return value in text
            case "not_contains":
                return value not in text
            case "regex":
                return re.search(value, text) is not None
            case "equals":
                return text.strip() == value.strip()
        return len(text) <= int(self.value)

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


@dataclass(frozen=True, slots=True)
class Expected:
    """The format that an answer must have; `schema` is a JSON Schema, or the pattern of a `regex`."""

    kind: ExpectedKind
    schema: Any = None
    allow_wrapped: bool = False

    @property
    def format(self) -> Mapping[str, Any]:
        """What `ddllm.quality.check_structured` takes."""
        return {"kind": self.kind, "schema": self.schema}


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a model is asked. None: the provider's own default."""

    max_tokens: int = 512
    temperature: float | None = None
    top_p: float | None = None
    stream: bool = False
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: its messages (role and text), how it is asked, and what is expected of its answer."""

    id: str
    messages: tuple[tuple[str, str], ...] = field(repr=False)
    parameters: Parameters = field(default=Parameters(), repr=False)
    expects: Expected | None = field(default=None, repr=False)
    checks: tuple[Check, ...] = field(default=(), repr=False)

    @property
    def content(self) -> tuple[Any, ...]:
        """All of it that decides what is asked and how the answer is judged; not its name."""
        return self.messages, self.parameters, self.expects, self.checks


@dataclass(frozen=True)
class Workload:
    """A whole comparison; `budget` is in dollars."""

    name: str
    models: tuple[Model, ...]
    prompts: tuple[Prompt, ...] = field(repr=False)
    repeat: int = 1
    concurrency: int = 4
    budget: float = 1.0

    @cached_property
    def calls(self) -> int:
        """How many calls it makes."""
        return len(self.models) * len(self.prompts) * self.repeat


class _ModelShape(Shape):
    provider: str = PROVIDERS[0]
    model: _Text


class _DefaultsShape(Shape):
    max_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    stream: bool | None = None
    system: _Text | None = None


class _MessageShape(Shape):
    role: Literal["user", "assistant"]
    content: _Text


class _ExpectsShape(Shape):
    kind: ExpectedKind
    shape: Any = Field(default=None, alias="schema")
    allow_wrapped: bool = False


class _CheckShape(Shape):
    contains: _Text | None = None
    not_contains: _Text | None = None
    regex: _Text | None = None
    equals: str | None = None
    max_length: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("must hold exactly one check")
        return self


class _PromptShape(_DefaultsShape):
    id: _Text | None = None
    messages: list[_MessageShape] = Field(min_length=1)
    expects: _ExpectsShape | None = None
    checks: list[_CheckShape] = Field(default_factory=list)


class _FileShape(Shape):
    file: _Text


#: What an item of `prompts` may be: a prompt, or files of them.
PROMPT_SHAPES = (_PromptShape, _FileShape)


class WorkloadFile(Shape):
    """The shape of a workload."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,60}$")
    models: list[_ModelShape] = Field(min_length=1)
    prompts: list[Any] = Field(min_length=1)
    defaults: _DefaultsShape = _DefaultsShape()
    repeat: int = Field(default=1, ge=1, le=1_000)
    concurrency: int = Field(default=4, ge=1, le=64)
    budget_dollars: float = Field(default=1.0, gt=0, allow_inf_nan=False)


def load_workload(path: Path) -> Workload:
    """Read a workload and the files that it names. Raises DefinitionError or DefinitionListError with all that is wrong."""
    document = load(path)
    shape = check(WorkloadFile, document.value, document, ())
    problems = Problems()
    models = tuple(_models(shape.models, document, problems))
    reader = _Reader(path.parent, _parameters(Parameters(), shape.defaults), problems)
    prompts = tuple(reader.prompts(shape.prompts, document, ("prompts",)))
    problems.raise_any()
    return Workload(shape.name, models, prompts, shape.repeat, shape.concurrency, shape.budget_dollars)


def _models(shapes: Iterable[_ModelShape], document: Document, problems: Problems) -> Iterator[Model]:
    seen: set[Model] = set()
    for index, shape in enumerate(shapes):
        route: Route = ("models", index)
        model = Model(shape.provider, shape.model)
        if shape.provider not in PROVIDERS:
            where = str(document.at((*route, "provider")))
            hint = did_you_mean(shape.provider, PROVIDERS)
            problems.add(DefinitionError(f"`{shape.provider}` cannot be called here", where=where, hint=hint))
        if model in seen:
            problems.add(DefinitionError(f"`{model.id}` stands here twice", where=str(document.at(route))))
        seen.add(model)
        yield model


def _parameters(base: Parameters, shape: _DefaultsShape) -> Parameters:
    given = {name: getattr(shape, name) for name in _DefaultsShape.model_fields}
    return replace(base, **{name: value for name, value in given.items() if value is not None})


class _Reader:
    """Reads prompts, inline or from files, and remembers what it met: no name and no question may come twice."""

    def __init__(self, folder: Path, defaults: Parameters, problems: Problems) -> None:
        self._folder = folder
        self._defaults = defaults
        self._problems = problems
        self._by_id: dict[str, str] = {}
        self._by_content: dict[str, str] = {}

    def prompts(self, values: Iterable[Any], document: Document, route: Route) -> Iterator[Prompt]:
        for index, value in enumerate(values):
            place = (*route, index)
            with self._problems.caught():
                if isinstance(value, dict) and "file" in value:
                    pattern = check(_FileShape, value, document, place).file
                    yield from self._from_files(pattern, str(document.at((*place, "file"))))
                else:
                    yield self._prompt(value, document, place, f"prompt-{index + 1}")

    def _from_files(self, pattern: str, where: str) -> Iterator[Prompt]:
        try:
            paths = sorted(path for path in self._folder.glob(pattern) if path.is_file())
        except (ValueError, NotImplementedError) as error:
            raise DefinitionError(f"`{pattern}` is no pattern of files: {error}", where=where) from None
        if not paths:
            hint = f"It is looked for in {self._folder.resolve()}"
            raise DefinitionError(f"`{pattern}` matches no file", where=where, hint=hint)
        for path in paths:
            with self._problems.caught():
                yield from self._from_lines(path)

    def _from_lines(self, path: Path) -> Iterator[Prompt]:
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DefinitionError(f"the file cannot be read: {error}", where=str(path)) from None
        for number, line in enumerate(lines, start=1):
            if line.strip():
                with self._problems.caught():
                    yield self._prompt_of_line(line, path, number)

    def _prompt_of_line(self, line: str, path: Path, number: int) -> Prompt:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DefinitionError(f"the line is no JSON: {error}", where=f"{path}:{number}") from None
        # JSON is YAML but for its escapes, so one reader finds the places of both; the empty lines keep the count right.
        document = parse("\n" * (number - 1) + _ESCAPE.sub("xx", line), str(path))
        return self._prompt(value, document, (), f"{path.stem}-{number}")

    def _prompt(self, value: Any, document: Document, route: Route, name: str) -> Prompt:
        shape = check(_PromptShape, value, document, route)
        prompt = Prompt(
            shape.id or name,
            tuple((message.role, message.content) for message in shape.messages),
            _parameters(self._defaults, shape),
            self._expected(shape.expects, document, (*route, "expects")),
            tuple(_checks(shape.checks, document, (*route, "checks"))),
        )
        _check_turns(shape.messages, document, (*route, "messages"))
        self._check_unique(prompt, str(document.at(route)))
        return prompt

    def _check_unique(self, prompt: Prompt, where: str) -> None:
        first = self._by_id.setdefault(prompt.id, where)
        if first != where:
            raise DefinitionError(f"the id `{prompt.id}` is used twice, first at {first}", where=where)
        twin = self._by_content.setdefault(repr(prompt.content), prompt.id)
        if twin != prompt.id:
            hint = "Use `repeat` to ask again: equal prompts tell nothing new about the models"
            raise DefinitionError(f"the prompts `{twin}` and `{prompt.id}` are the same", where=where, hint=hint)

    def _expected(self, shape: _ExpectsShape | None, document: Document, route: Route) -> Expected | None:
        if shape is None:
            return None
        place = (*route, "schema")
        where = str(document.at(place))
        if shape.kind == "json":
            if shape.shape is not None:
                raise DefinitionError("`json` takes no schema", where=where, hint="Write kind: json_schema")
            return Expected(shape.kind, None, shape.allow_wrapped)
        if shape.shape is None:
            raise DefinitionError(f"`expects.schema` is missing: `{shape.kind}` needs one", where=where)
        if shape.kind == "regex":
            _check_pattern(shape.shape, where)
            return Expected(shape.kind, shape.shape, shape.allow_wrapped)
        schema = self._schema_file(shape.shape, where) if isinstance(shape.shape, str) else shape.shape
        _check_schema(schema, where)
        return Expected(shape.kind, schema, shape.allow_wrapped)

    def _schema_file(self, name: str, where: str) -> Any:
        try:
            return json.loads((self._folder / name).read_text(encoding="utf-8"))
        except OSError as error:
            raise DefinitionError(f"the schema `{name}` cannot be read: {error.strerror}", where=where) from None
        except (ValueError, RecursionError) as error:
            raise DefinitionError(f"the schema `{name}` is no JSON: {error}", where=where) from None


def _checks(shapes: Iterable[_CheckShape], document: Document, route: Route) -> Iterator[Check]:
    for index, shape in enumerate(shapes):
        (kind,) = shape.model_fields_set
        value = getattr(shape, kind)
        where = str(document.at((*route, index, kind)))
        if value is None:
            raise DefinitionError(f"`{kind}` needs a value", where=where)
        if kind == "regex":
            _check_pattern(value, where)
        yield Check(kind, value)  # type: ignore[arg-type]  # the names of the shape's fields are those of the kinds


def _check_pattern(pattern: Any, where: str) -> None:
    if not isinstance(pattern, str):
        raise DefinitionError("a regular expression is text", where=where)
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise DefinitionError(f"this is no regular expression: {error}", where=where) from None


def _check_schema(schema: Any, where: str) -> None:
    import jsonschema_rs  # noqa: PLC0415 - 15 ms, where a workload has a schema

    try:
        jsonschema_rs.validator_for(schema)
    except (ValueError, TypeError) as error:
        said = str(error).splitlines()[0]
        raise DefinitionError(f"this is no JSON Schema: {said}", where=where) from None


def _check_turns(messages: list[_MessageShape], document: Document, route: Route) -> None:
    """Refuse what the Converse API refuses: turns that do not alternate from the user's first to the user's last."""
    for index, message in enumerate(messages):
        wanted = "assistant" if index % 2 else "user"
        if message.role != wanted:
            where = str(document.at((*route, index)))
            raise DefinitionError(
                f"this message must be the {wanted}'s: the roles alternate, the user begins", where=where
            )
    if messages[-1].role != "user":
        where = str(document.at((*route, len(messages) - 1)))
        raise DefinitionError("the last message must be the user's", where=where)
