"""An anomaly monitor has a trigger and a recovery window, and Datadog refuses it when they do not fit.

`trigger_window` is `alert_window` of the query, and the window of the query is no shorter. The recovery window lies between
trigger · (1 - share) + 1 minute and trigger, so that a monitor cannot alert and recover at once.

Bad:
    query: avg(last_4h):anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_30m', interval=60) >= 1

Good:
    query: avg(last_4h):anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_30m', interval=60) >= 1
    options: {threshold_windows: {trigger_window: last_30m, recovery_window: last_30m}}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import keyword, span
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR

_MINUTE = 60
_WHERE = ("options", "threshold_windows")


def check(subject: Subject) -> Iterator[Draft]:
    """Hold the windows of the options against those of the query. A query without `alert_window` does without them."""
    query, call = subject.metric_query, subject.algorithm
    if subject.monitor is None or query is None or call is None or call.function != "anomalies":
        return
    asked = keyword(call, "alert_window")
    windows = subject.options.get("threshold_windows") or {}
    trigger, recovery = (windows.get(f"{name}_window") for name in ("trigger", "recovery"))
    if not trigger or not recovery:
        if asked or trigger or recovery:
            yield subject.finding(
                "an anomaly monitor needs a trigger and a recovery window",
                where=_WHERE,
                instead=f"threshold_windows: {{trigger_window: {asked or trigger or recovery}, recovery_window: …}}",
            )
        return
    seconds, share = span(trigger), query.comparison.threshold or 1
    least = seconds * (1 - share) + _MINUTE
    if asked and span(asked) != seconds:
        yield subject.finding(
            f"`trigger_window` is {trigger}, `alert_window` {asked}", where=(*_WHERE, "trigger_window")
        )
    if query.window.seconds < seconds:
        yield subject.finding(f"the window is shorter than the trigger window, {trigger}", at=query.window)
    if share <= 1 and not least <= span(recovery) <= seconds:
        yield subject.finding(
            f"`recovery_window` is {recovery}, and has to last {least / _MINUTE:g} to {seconds / _MINUTE:g} minutes",
            where=(*_WHERE, "recovery_window"),
        )
