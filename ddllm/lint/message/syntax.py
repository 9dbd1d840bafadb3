"""A block of a message that is not closed, closes another one, or asks for a condition that Datadog does not have.

Datadog takes the message, and sends it with the braces in it, or not to whom it was for.

Bad:
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
    severity: none
    message: "{{#is_alert}}Calls are slow. @slack-llm{{/is_warning}}"

Good:
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
    severity: none
    message: "{{#is_alert}}Calls are slow. @slack-llm{{/is_alert}}"
"""

from collections.abc import Iterator

from ddllm.alerting.template import CONDITIONS, TemplateError, parse
from ddllm.definitions.document import Route
from ddllm.definitions.nearest import did_you_mean
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR

_FIELDS: tuple[Route, ...] = (("name",), ("message",), ("options", "escalation_message"))


def check(subject: Subject) -> Iterator[Draft]:
    """Read the texts of a monitor that are templates."""
    if subject.monitor is None:
        return
    texts = (
        *(subject.definition.body.get(field) for field in ("name", "message")),
        subject.options.get("escalation_message"),
    )
    for where, text in zip(_FIELDS, texts, strict=True):
        try:
            parse(str(text or ""))
        except TemplateError as error:
            unknown = error.message.rpartition("there is no condition `")[2].removesuffix("`")
            hint = error.hint or (did_you_mean(unknown, CONDITIONS) if "no condition" in error.message else None)
            yield subject.finding(error.message, where=where, instead=hint)
