"""The consumer of the queue: one finished call in, its metrics out. Everything that takes time happens here."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ddllm import catalog
from ddllm.call import Answer, Call, Usage
from ddllm.catalog import UNKNOWN, Metric
from ddllm.errors import ConfigError
from ddllm.instrument import guard
from ddllm.instrument.providers import bedrock
from ddllm.instrument.report import feature, timing
from ddllm.instrument.report.caps import Caps, clean
from ddllm.instrument.report.emit import Emitter, Statsd, Tags, connect
from ddllm.instrument.report.outcomes import outcome
from ddllm.pricing.catalogue import Catalogue, Cost
from ddllm.settings import FileSettings, Settings, file_path, load_file
from ddllm.version import VERSION

log = logging.getLogger("ddllm")

#: Operations that are paid for by the search or the image, and answered without a count of tokens.
_BY_REQUEST = frozenset({"rerank", "generate_content"})
#: Combinations of tag values whose tags are kept ready, at some 9 KiB each. More than that are rare ones, built anew.
MAX_MEMO = 1024
#: By a call's tag values: the tags of each metric, with one that belongs to the metric alone where there is such a tag.
Memo = dict[tuple[str, ...], dict[tuple[Metric, tuple[str, str] | None], Tags]]


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
    """Turns calls into metrics. Used by one thread."""

    def __init__(
        self,
        settings: Settings,
        configuration: FileSettings | None = None,
        make_statsd: Callable[[Settings], Statsd] = connect,
    ) -> None:
        file = load_configuration(settings) if configuration is None else configuration
        self._service = settings.service or UNKNOWN
        self._rules = file.features
        self._aliases = file.prices.aliases
        self._caps = Caps(file.caps)
        self._prices = Catalogue(file.prices)
        self._prices.load()
        self._statsd = make_statsd(settings)
        self._emitter = Emitter(self._statsd, file.metrics_exclude, file.tags_exclude)
        self._memo: Memo = {}
        self._dropped = 0
        self._packets_dropped = 0
        self._warned = False

    def consume(self, call: Call) -> None:
        """Report one call."""
        model_id = self._aliases.get(call.model_id, call.model_id)
        answer = bedrock.read(call, model_id)
        if call.status == "abandoned" and answer.finish is not None:
            call.status = "ok"  # the model was done; only what follows its end was not read
        report = _Report(self._emitter, self._memo, self._values(call, answer, model_id))
        report.count(catalog.REQUESTS, 1)
        self._attempts(report, call)
        self._times(report, call, answer)
        self._usage(report, call, answer, model_id)

    def _values(self, call: Call, answer: Answer, model_id: str) -> dict[str, str]:
        model = bedrock.identify(model_id)
        explicit, annotated = call.scope or (None, None)
        admit = self._caps.admit
        return {
            "provider": call.provider,
            "model_vendor": clean(model.vendor),
            "model_name": clean(model.name),
            "feature": admit("feature", feature.resolve(call, self._rules, self._service)),
            "prompt_template": admit("prompt_template", _said(explicit, annotated, "prompt_template")),
            "prompt_version": admit("prompt_version", _said(explicit, annotated, "prompt_version")),
            "operation": answer.operation,
            "region": call.region or UNKNOWN,
            "stream": "true" if call.stream else "false",
            "status": call.status,
            "error_type": clean(call.error_type) if call.error_type else "none",
            "finish_reason": _finish_reason(call, answer),
        }

    def _attempts(self, report: "_Report", call: Call) -> None:
        for attempt in call.attempts:
            report.count_with(catalog.ATTEMPTS, 1, "outcome", outcome(attempt))

    def _times(self, report: "_Report", call: Call, answer: Answer) -> None:
        report.sample(catalog.DURATION, timing.duration(call))
        report.sample(catalog.QUEUE_TIME, timing.queue_time(call, answer))
        first = timing.ttft(call)
        if first is not None:
            report.sample(catalog.TTFT, first)
        speed = timing.generation(call, answer) if call.stream else None
        if speed is not None:
            report.sample(catalog.TOKENS_PER_SECOND, speed[0])
            report.sample(catalog.TIME_PER_OUTPUT_TOKEN, speed[1])

    def _usage(self, report: "_Report", call: Call, answer: Answer, model_id: str) -> None:
        usage = answer.usage
        if usage is None:
            if call.headers:  # it was answered
                self._telemetry(catalog.TELEMETRY_DROPPED, "usage_missing", 1)
            if call.status != "error" and answer.finish_reason != "guardrail":  # the model was asked
                self._cost_without_tokens(report, call, answer, model_id)
            return
        for metric, value in (
            (catalog.TOKENS_INPUT, usage.input),
            (catalog.TOKENS_OUTPUT, usage.output),
            (catalog.TOKENS_CACHE_READ, usage.cache_read),
            (catalog.TOKENS_CACHE_WRITE, usage.cache_write),
            (catalog.TOKENS_REASONING, usage.reasoning),
        ):
            if value:
                report.count(metric, value)
        if usage.input is not None:
            report.sample(catalog.REQUEST_INPUT_TOKENS, usage.input)
            window = self._prices.context_window(call.provider, model_id)
            if window:
                report.sample(catalog.CONTEXT_UTILIZATION, usage.input / window)
        if usage.output is not None:
            report.sample(catalog.REQUEST_OUTPUT_TOKENS, usage.output)
        self._cost(report, self._prices.cost(call.provider, model_id, usage, tier=answer.tier))

    def _cost_without_tokens(self, report: "_Report", call: Call, answer: Answer, model_id: str) -> None:
        """Report what a call costs that is paid for by the request, and of those that must be, that it is not known."""
        cost = self._prices.cost(call.provider, model_id, Usage(), tier=answer.tier)
        if cost is not None or answer.operation in _BY_REQUEST:
            self._cost(report, cost)

    def _cost(self, report: "_Report", cost: Cost | None) -> None:
        if cost is None:
            report.count(catalog.COST_UNPRICED, 1)
        else:
            report.count_with(catalog.COST, cost.usd, "cost_source", cost.source)
            report.sample(catalog.REQUEST_COST, cost.usd)

    def _telemetry(self, metric: Metric, reason: str, value: int) -> None:
        self._emitter.count(metric, value, self._emitter.tags(metric, {"reason": clean(reason)}))

    def flush(self, dropped: int) -> None:
        """Send the round, our own losses with it. `dropped` is how many calls the queue refused so far."""
        self._losses(dropped)
        for place, text in self._faults():
            log.warning(
                "ddllm %s: a fault of its own in %s was caught; the application is not affected\n%s",
                VERSION,
                place,
                text,
            )
        self._emitter.flush()

    def _faults(self) -> list[tuple[str, str]]:
        faults = guard.collect()
        for place, count in faults.counts.items():
            self._telemetry(catalog.TELEMETRY_ERRORS, place, count)
        return faults.descriptions

    def _losses(self, dropped: int) -> None:
        lost, self._dropped = dropped - self._dropped, dropped
        if lost > 0:
            self._telemetry(catalog.TELEMETRY_DROPPED, "queue_full", lost)
            if not self._warned:
                log.warning("ddllm: the queue is full; calls are not reported until the worker has caught up")
                self._warned = True
        elif self._warned:
            log.warning("ddllm: the queue has room again; %d calls were not reported in all", dropped)
            self._warned = False
        for tag, count in self._caps.take_capped().items():
            self._telemetry(catalog.TELEMETRY_CAPPED, tag, count)
        self._lost_packets()

    def _lost_packets(self) -> None:
        # The client sets its own counter back when it has reported it to the agent.
        packets = getattr(self._statsd, "packets_dropped", 0)
        lost = packets - self._packets_dropped if packets >= self._packets_dropped else packets
        self._packets_dropped = packets
        if lost:
            self._telemetry(catalog.TELEMETRY_DROPPED, "packet", lost)


class _Report:
    """One call's tag values, and the tags that each metric makes of them."""

    def __init__(self, emitter: Emitter, memo: Memo, values: dict[str, str]) -> None:
        key = tuple(values.values())
        known = memo.get(key)
        if known is None:
            if len(memo) >= MAX_MEMO:
                memo.clear()
            known = memo[key] = {}
        self._known = known
        self._emitter = emitter
        self._values = values

    def _tags(self, metric: Metric, own: tuple[str, str] | None = None) -> Tags:
        tags = self._known.get((metric, own))
        if tags is None:
            values = self._values if own is None else {**self._values, own[0]: own[1]}
            tags = self._known[metric, own] = self._emitter.tags(metric, values)
        return tags

    def count(self, metric: Metric, value: float) -> None:
        self._emitter.count(metric, value, self._tags(metric))

    def count_with(self, metric: Metric, value: float, tag: str, of: str) -> None:
        """Count with one tag that belongs to this metric alone."""
        self._emitter.count(metric, value, self._tags(metric, (tag, of)))

    def sample(self, metric: Metric, value: float) -> None:
        self._emitter.sample(metric, value, self._tags(metric))


def _said(explicit: Any, annotated: Any, name: str) -> str | None:
    said = (explicit and getattr(explicit, name)) or (annotated and getattr(annotated, name))
    return str(said) if said else None


def _finish_reason(call: Call, answer: Answer) -> str:
    if call.status == "error":
        return "error"
    return "other" if call.status == "abandoned" else answer.finish_reason
