"""The consumer of the queue: one record in, its metrics out. Everything that takes time happens here."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ddllm import catalog
from ddllm.call import Action, Answer, Call, Feedback, Usage
from ddllm.catalog import OTHER, UNKNOWN, Metric
from ddllm.errors import ConfigError
from ddllm.instrument import guard
from ddllm.instrument.providers import bedrock
from ddllm.instrument.providers.bedrock import asked
from ddllm.instrument.report import feature, prompts, quality, spans, timing
from ddllm.instrument.report.actions import Actions
from ddllm.instrument.report.caps import Caps, clean
from ddllm.instrument.report.conversations import Conversations
from ddllm.instrument.report.emit import Emitter, Statsd, connect
from ddllm.instrument.report.lines import Lines, Memo
from ddllm.instrument.report.losses import Losses
from ddllm.instrument.report.opinions import Opinions
from ddllm.instrument.report.outcomes import outcome
from ddllm.instrument.report.references import Reference
from ddllm.pricing.catalogue import Catalogue, Cost
from ddllm.quality.structured import StructuredResult
from ddllm.settings import FileSettings, Settings, file_path, load_file

log = logging.getLogger("ddllm")

#: Distinct combinations of what references say of their calls, before the rest becomes `other`.
MOST_REFERENCES = 1_000

#: Operations that are paid for by the search or the image, and answered without a count of tokens.
_BY_REQUEST = frozenset({"rerank", "generate_content"})


def load_configuration(settings: Settings) -> FileSettings:
    """Read ddllm.yaml. A broken one never stops the application: defaults apply, one warning, one counted error."""
    path: Path | None = None
    try:
        path = file_path(settings)
        return load_file(path) if path is not None else FileSettings()
    except ConfigError as error:
        log.warning("ddllm: %s (defaults apply)", error)
    except Exception:
        log.warning("ddllm: %s could not be read (defaults apply)", path, exc_info=True)
    guard.count("config")
    return FileSettings()


class Reporter:
    """Turns calls, actions and feedback into metrics. Used by one thread."""

    def __init__(
        self,
        settings: Settings,
        configuration: FileSettings | None = None,
        make_statsd: Callable[[Settings], Statsd] = connect,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        file = load_configuration(settings) if configuration is None else configuration
        self._service = settings.service or UNKNOWN
        self._file = file
        self._caps = Caps(file.caps)
        self._reference_caps = Caps({"reference": MOST_REFERENCES})
        # A reference holds no account's id: it names what an alias stands for by the end of its ARN.
        self._models_behind = {
            bedrock.identify(alias).name: bedrock.identify(model) for alias, model in file.prices.aliases.items()
        }
        self._prices = Catalogue(file.prices)
        self._prices.load()
        self._statsd = make_statsd(settings)
        self._emitter = Emitter(self._statsd, file.metrics_exclude, file.tags_exclude, packed=settings.packed)
        self._memo: Memo = {}
        self._clock = clock
        self._actions = Actions(self._action_lines, self._drop)
        self._conversations = Conversations(lambda: self._drop("conversations_forgotten"))
        self._opinions = Opinions(settings.feedback_keys, self._reference_lines, self._drop)
        self._losses = Losses(self._statsd, self._caps, self._telemetry, settings.capture)

    def __repr__(self) -> str:
        return f"Reporter({self._caps}, {self._actions}, {self._conversations})"

    def consume(self, record: Call | Action | Feedback) -> None:
        """Report one record."""
        if isinstance(record, Call):
            try:
                self._call(record)
            finally:
                # The application's thread may hold on to its last call, which must not hold on to what it said.
                record.request = record.response = None
                spans.let_go(record)
        elif isinstance(record, Action):
            self._actions.end(record, self._clock())
        else:
            self._opinions.report(record)

    def flush(self, dropped: int) -> None:
        """Send the round, our own losses with it. `dropped` is how many records the queue refused so far."""
        self._actions.settle(self._clock())
        self._losses.report(dropped)
        self._emitter.flush()

    def close(self) -> None:
        """Report what still waits for something: the process ends."""
        self._actions.close()

    # --- a call

    def _call(self, call: Call) -> None:
        model_id = self._file.prices.aliases.get(call.model_id, call.model_id)
        request = asked.Request(call.request)
        name = feature.resolve(call, self._file.features, self._service)
        template = prompts.said(call, "prompt_template")
        if template is None and self._file.fingerprint_templates:
            template = prompts.fingerprint(request.body)
        expected = self._expected(call, request, name, template)
        answer = bedrock.read(call, model_id, whole=expected is not None or request.tools is not None)
        if call.status == "abandoned" and answer.finish is not None:
            call.status = "ok"  # the model was done; only what follows its end was not read
        report = Lines(self._emitter, self._memo, self._values(call, answer, model_id, name, template))
        report.add(catalog.REQUESTS, 1)
        for attempt in call.attempts:
            report.add(catalog.ATTEMPTS, 1, ("outcome", outcome(attempt)))
        self._times(report, call, answer)
        cost = self._usage(report, call, answer, model_id)
        refused = quality.refusal(call, answer)
        checked = quality.structured(call, answer, expected, request.tools)
        self._quality(report, refused, checked)
        self._comparison(report, call, answer, cost, refused, checked)
        if quality.too_large(call, answer, expected, request.tools):
            self._drop("answer_too_large")
        conversation = prompts.explicit(call, "conversation")
        if conversation:
            # Of one conversation, each kind of call by itself: some only sort or name what the user wrote.
            key = "\0".join((str(conversation), name, str(template), asked.system_prompt(request.body)))
            did = self._conversations.follow(key, call, asked.messages(request.body))
            if did is not None:
                report.add(catalog.FEEDBACK, 1, ("kind", did))
        if call.actions:
            # A call that was never answered, or used nothing, costs nothing.
            asked_nothing = call.status == "error" or answer.finish_reason == "guardrail"
            self._actions.add(call.actions, cost, priced=cost is not None or (answer.usage is None and asked_nothing))
        for _ in range(call.late_for):
            self._drop("action_call_late")

    def _expected(self, call: Call, request: asked.Request, name: str, template: str | None) -> Any:
        """Return the format that is expected: by the code, else by the request, else by the first rule that matches."""
        said = prompts.explicit(call, "expects")
        if said is None:
            said = request.output_format
        if said is None and self._file.expects:
            facts = {**feature.facts(*feature.root_of(call.root), self._service), "feature": name}
            if template is not None:
                facts["prompt_template"] = template
            return next((rule.expected for rule in self._file.expects if rule.matches(facts)), None)
        return said

    def _values(self, call: Call, answer: Answer, model_id: str, name: str, template: str | None) -> dict[str, str]:
        admit = self._caps.admit
        return {
            **_model(call.provider, model_id),
            "feature": admit("feature", name),
            "prompt_template": admit("prompt_template", template),
            "prompt_version": admit("prompt_version", prompts.said(call, "prompt_version")),
            "operation": answer.operation,
            "region": call.region or UNKNOWN,
            "stream": "true" if call.stream else "false",
            "status": call.status,
            "error_type": clean(call.error_type) if call.error_type else "none",
            "finish_reason": _finish_reason(call, answer),
        }

    def _times(self, report: Lines, call: Call, answer: Answer) -> None:
        report.add(catalog.DURATION, timing.duration(call))
        report.add(catalog.QUEUE_TIME, timing.queue_time(call, answer))
        first = timing.ttft(call)
        if first is not None:
            report.add(catalog.TTFT, first)
        speed = timing.generation(call, answer) if call.stream else None
        if speed is not None:
            report.add(catalog.TOKENS_PER_SECOND, speed[0])
            report.add(catalog.TIME_PER_OUTPUT_TOKEN, speed[1])

    def _usage(self, report: Lines, call: Call, answer: Answer, model_id: str) -> Cost | None:
        usage = answer.usage
        if usage is None:
            if call.headers:  # it was answered
                self._drop("usage_missing")
            if call.status != "error" and answer.finish_reason != "guardrail":  # the model was asked
                return self._cost_without_tokens(report, call, answer, model_id)
            return None
        for metric, value in (
            (catalog.TOKENS_INPUT, usage.input),
            (catalog.TOKENS_OUTPUT, usage.output),
            (catalog.TOKENS_CACHE_READ, usage.cache_read),
            (catalog.TOKENS_CACHE_WRITE, usage.cache_write),
            (catalog.TOKENS_REASONING, usage.reasoning),
        ):
            if value:
                report.add(metric, value)
        if usage.input is not None:
            report.add(catalog.REQUEST_INPUT_TOKENS, usage.input)
            window = self._prices.context_window(call.provider, model_id)
            if window:
                report.add(catalog.CONTEXT_UTILIZATION, usage.input / window)
        if usage.output is not None:
            report.add(catalog.REQUEST_OUTPUT_TOKENS, usage.output)
        return self._cost(report, self._prices.cost(call.provider, model_id, usage, tier=answer.tier))

    def _cost_without_tokens(self, report: Lines, call: Call, answer: Answer, model_id: str) -> Cost | None:
        """Report what a call costs that is paid for by the request, and of those that must be, that it is not known."""
        cost = self._prices.cost(call.provider, model_id, Usage(), tier=answer.tier)
        if cost is not None or answer.operation in _BY_REQUEST:
            return self._cost(report, cost)
        return None

    def _cost(self, report: Lines, cost: Cost | None) -> Cost | None:
        if cost is None:
            report.add(catalog.COST_UNPRICED, 1)
        else:
            report.add(catalog.COST, cost.usd, ("cost_source", cost.source))
            report.add(catalog.REQUEST_COST, cost.usd)
        return cost

    def _quality(self, report: Lines, refused: str | None, checked: StructuredResult | None) -> None:
        if refused is not None:
            report.add(catalog.REFUSALS, 1, ("reason", refused))
        if checked is not None:
            report.add(catalog.STRUCTURED_CHECKS, 1, ("format", checked.format))
            if checked.reason is not None:
                report.add(catalog.STRUCTURED_FAILURES, 1, ("format", checked.format), ("reason", checked.reason))

    def _comparison(
        self,
        report: Lines,
        call: Call,
        answer: Answer,
        cost: Cost | None,
        refused: str | None,
        checked: StructuredResult | None,
    ) -> None:
        """Report a call of a comparison once more, by the comparison."""
        said = prompts.explicit(call, "comparison")
        if not said:
            return
        own = ("comparison", self._caps.admit("comparison", str(said)))
        report.add(catalog.COMPARISON_REQUESTS, 1, own)
        report.add(catalog.COMPARISON_DURATION, timing.duration(call), own)
        first = timing.ttft(call)
        if first is not None:
            report.add(catalog.COMPARISON_TTFT, first, own)
        if answer.usage is not None and answer.usage.output is not None:
            report.add(catalog.COMPARISON_OUTPUT_TOKENS, answer.usage.output, own)
        if cost is not None:
            report.add(catalog.COMPARISON_COST, cost.usd, own)
        if refused is not None:
            report.add(catalog.COMPARISON_REFUSALS, 1, own, ("reason", refused))
        if checked is not None:
            report.add(catalog.COMPARISON_STRUCTURED_CHECKS, 1, own, ("format", checked.format))
            if checked.reason is not None:
                kind = (("format", checked.format), ("reason", checked.reason))
                report.add(catalog.COMPARISON_STRUCTURED_FAILURES, 1, own, *kind)

    # --- what is no call

    def _action_lines(self, action: Action) -> Lines:
        name = feature.resolve(action, self._file.features, self._service)
        values = {
            "action": self._caps.admit("action", action.name),
            "status": action.status,
            "feature": self._caps.admit("feature", name),
        }
        return Lines(self._emitter, self._memo, values)

    def _reference_lines(self, reference: Reference) -> Lines:
        """Return the tags of a reference: as a whole capped, and apart from those of calls, since a browser may have made it up."""
        name = reference.feature or feature.fallback(
            reference.route or None, reference.resource or None, self._file.features, reference.service or self._service
        )
        model = self._models_behind.get(reference.model_name)
        values = {
            "provider": clean(reference.provider),
            "model_vendor": clean(model.vendor if model else reference.model_vendor),
            "model_name": clean(model.name if model else reference.model_name),
            "feature": clean(name),
            "prompt_template": clean(reference.prompt_template),
            "prompt_version": clean(reference.prompt_version),
        }
        if self._reference_caps.admit("reference", "\0".join(values.values())) == OTHER:
            values = dict.fromkeys(values, OTHER)
        return Lines(self._emitter, self._memo, values)

    def _drop(self, reason: str) -> None:
        self._telemetry(catalog.TELEMETRY_DROPPED, reason, 1)

    def _telemetry(self, metric: Metric, reason: str, value: int) -> None:
        self._emitter.series(metric, self._emitter.tags(metric, {"reason": clean(reason)})).add(value)


@lru_cache(maxsize=1024)
def _model(provider: str, model_id: str) -> Mapping[str, str]:
    model = bedrock.identify(model_id)
    return {"provider": provider, "model_vendor": clean(model.vendor), "model_name": clean(model.name)}


def _finish_reason(call: Call, answer: Answer) -> str:
    if call.status == "error":
        return "error"
    return "other" if call.status == "abandoned" else answer.finish_reason
