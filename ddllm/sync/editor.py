"""What the editor of Datadog's pages writes into widgets by itself: values that mean the same as none.

The API adds nothing to the definition of a widget. But whoever saves a widget in the editor writes all of its form, which
would read as a change of a dozen fields, and would fill a file that is made from it. What is listed was observed in
dashboards that people had edited.
"""

from collections.abc import Mapping
from typing import Any

from ddllm.sync.normalise import ABSENT

_TITLE = {"title_size": "16", "title_align": "left"}
_AXIS = {"include_zero": True, "label": "", "scale": "linear", "min": "auto", "max": "auto"}
_STYLE = {"line_width": "normal", "palette": "dog_classic", "line_type": "solid"}

#: What a definition of any widget holds, and what one of a type holds besides. A mapping is looked into.
_ANY: Mapping[str, Any] = {**_TITLE, "time": {}}
_BY_TYPE: Mapping[str, Mapping[str, Any]] = {
    "timeseries": {
        "legend_size": "0",
        "legend_layout": "auto",
        "legend_columns": ["avg", "min", "max", "value", "sum"],
        "markers": [],
        "yaxis": _AXIS,
    },
    "heatmap": {"legend_size": "0", "yaxis": _AXIS},
    "distribution": {"legend_size": "0"},
    "note": {
        "background_color": "white",
        "font_size": "14",
        "text_align": "left",
        "vertical_align": "top",
        "show_tick": False,
        "tick_pos": "50%",
        "tick_edge": "left",
        "has_padding": True,
    },
    "group": {"show_title": True},
    "slo": {"global_time_target": "0"},
}


def plain(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a widget's definition without what the editor writes by itself, its formats in one order: theirs changes at random."""
    kind = str(definition.get("type"))
    result = _without(definition, {**_ANY, **_BY_TYPE.get(kind, {})})
    requests = result.get("requests")
    if isinstance(requests, list):
        result["requests"] = [
            _without(each, {"style": _STYLE}) if isinstance(each, Mapping) else each for each in requests
        ]
    sorted_formats: dict[str, Any] = _formats_sorted(result)
    return sorted_formats


def _without(value: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, item in value.items():
        default = defaults.get(name, ABSENT)
        kept = _without(item, default) if isinstance(item, Mapping) and isinstance(default, Mapping) else item
        if kept != default and not (kept == {} and isinstance(default, Mapping)):
            result[name] = kept
    return result


def _formats_sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: sorted(item, key=repr)
            if name == "conditional_formats" and isinstance(item, list)
            else _formats_sorted(item)
            for name, item in value.items()
        }
    return [_formats_sorted(item) for item in value] if isinstance(value, list) else value
