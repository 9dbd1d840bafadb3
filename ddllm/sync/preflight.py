"""Has Datadog check everything that a plan would write, before anything is written."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ddllm.api.datadog import Datadog
from ddllm.definitions.problems import Problems
from ddllm.definitions.variables import Reference, fill, references
from ddllm.errors import ApiError, DefinitionError
from ddllm.sync.plan import Plan, Step
from ddllm.sync.remote import PARALLEL
from ddllm.sync.resource import Resource
from ddllm.sync.resources import resources as every_kind

_REFUSED = frozenset({400, 404, 409, 413, 422})
_PARAMETER = re.compile(r"parameter '(\w+)'")


def validate_plan(api: Datadog, resources: Mapping[str, Resource], plan: Plan) -> None:
    """Validate each step whose references are known. Raises DefinitionError, or DefinitionListError, with every refusal.

    A link to what does not exist yet leads to the page that lists it for as long. A composite of monitors that do not exist
    yet cannot be validated before they do; that happens just before it is written.
    """
    drafts = [(step, fill(step.wanted, _stand_ins(step))) for step in plan.steps]
    ready = [(step, wanted) for step, wanted in drafts if not any(references(wanted))]

    def refusal(draft: tuple[Step, Mapping[str, Any]]) -> DefinitionError | None:
        step, wanted = draft
        try:
            validate_step(api, resources[step.definition.kind], step, wanted)
        except DefinitionError as error:
            return error
        return None

    problems = Problems()
    with ThreadPoolExecutor(PARALLEL) as pool:
        problems.add(*(error for error in pool.map(refusal, ready) if error))
    problems.raise_any()


def _stand_ins(step: Step) -> Mapping[Reference, str]:
    known = every_kind()
    found = {each: known[each.kind].stand_in for each in references(step.wanted) if each.kind in known}
    return {reference: text for reference, text in found.items() if text is not None}


def validate_step(api: Datadog, resource: Resource, step: Step, wanted: Mapping[str, Any]) -> None:
    """Validate one step as it would be written. Raises DefinitionError where Datadog refuses it, ApiError where it does not answer."""
    body = resource.normaliser.completed(wanted, step.held.body, step.declared) if step.held else wanted
    try:
        resource.validate(api, resource.marked(body, resource.normaliser.mark_of(wanted)), step.held)
    except ApiError as error:
        if error.status not in _REFUSED:
            raise
        raise DefinitionError(
            f"Datadog refuses `{step.definition.key}`: {error.message}", where=_place(step, error.message)
        ) from None


def _place(step: Step, reason: str) -> str:
    """Return where the field that the reason speaks of was written."""
    field = _PARAMETER.search(reason)
    source = step.definition.source
    return str(source.at((field.group(1),)) if field else source.position)
