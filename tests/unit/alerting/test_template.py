"""A message says what its template says for the kind of notification and its group, and calls whom it calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.alerting.template import (
    CONDITIONS,
    Situation,
    TemplateError,
    handles_in,
    parse,
    render,
    variables_in,
)


def rendered(text: str, *conditions: str, **variables: str) -> str:
    names = {name.replace("__", "."): value for name, value in variables.items()}
    return render(text, Situation(frozenset(conditions), names))


@pytest.mark.parametrize(
    ("text", "conditions", "expected"),
    [
        ("a{{#is_alert}}b{{/is_alert}}c", ["is_alert"], "abc"),
        ("a{{#is_alert}}b{{/is_alert}}c", [], "ac"),
        ("{{^is_no_data}}data{{/is_no_data}}", [], "data"),
        ("{{^is_no_data}}data{{/is_no_data}}", ["is_no_data"], ""),
        ("{{#is_alert}}bad{{else}}good{{/is_alert}}", [], "good"),
        ("{{^is_alert}}good{{else}}bad{{/is_alert}}", ["is_alert"], "bad"),
        ("{{#is_alert}}{{#is_renotify}}again{{/is_renotify}}!{{/is_alert}}", ["is_alert"], "!"),
    ],
)
def test_a_condition_shows_its_text_where_it_holds(text: str, conditions: list[str], expected: str):
    assert rendered(text, *conditions) == expected


def test_variables_are_put_in_and_unknown_ones_are_nothing():
    assert rendered("{{value}} in {{service.name}}{{host.name}}", value="7", service__name="chat") == "7 in chat"


def test_a_variable_in_brackets_is_the_same_one():
    assert rendered("{{[a.b].name}}", a__b__name="x") == "x"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('#is_match "service.name" "chat"', "yes"),
        ('#is_match "service.name" "CHA"', "yes"),
        ('#is_match "service.name" "mail" "bot"', "yes"),
        ('#is_match "service.name" "mail"', ""),
        ('#is_match "host.name" ""', "yes"),
        ('#is_exact_match "service.name" "chat"', ""),
        ('#is_exact_match "service.name" "mail" "chatbot"', "yes"),
        ('^is_exact_match "service.name" "chat"', "yes"),
    ],
)
def test_a_match_compares_a_variable_with_texts(condition: str, expected: str):
    name = condition[1:].split(maxsplit=1)[0]
    assert rendered(f"{{{{{condition}}}}}yes{{{{/{name}}}}}", service__name="chatbot") == expected


def test_arithmetic_and_times_are_computed():
    at = "1767603600000"
    assert rendered('{{eval "last_triggered_at_epoch-3600000"}}', last_triggered_at_epoch=at) == "1767600000000"
    assert rendered('{{eval "value / 4"}}', value="10") == "2.5"
    assert rendered("{{eval \"__import__('os')\"}}") == ""
    assert "10:00:00" in rendered("{{local_time 'last_triggered_at' 'Europe/Berlin'}}", last_triggered_at_epoch=at)
    assert rendered('{{urlencode "service.name"}}', service__name="a b") == "a%20b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{#is_alert}}x", "`{{#is_alert}}` is never closed"),
        ("x{{/is_alert}}", "ends nothing that is open"),
        ("{{#is_alert}}x{{/is_warning}}", "`{{/is_warning}}` ends `is_alert`, which is open"),
        ("{{#is_alrt}}x{{/is_alrt}}", "there is no condition `is_alrt`"),
        ("{{#is_alert}}{{else}}{{else}}{{/is_alert}}", "second"),
    ],
)
def test_a_broken_template_is_one_sentence(text: str, message: str):
    with pytest.raises(TemplateError, match=message):
        parse(text)


def test_handles_are_called_after_white_space_alone():
    assert handles_in("x @pagerduty-llm @slack-acme-llm-alerts, mail@x.org @ops@example.com. @pagerduty-llm") == [
        "@pagerduty-llm",
        "@slack-acme-llm-alerts",
        "@ops@example.com",
    ]


def test_the_variables_of_a_template_are_known():
    text = '{{value}}{{#is_match "service.name" "x"}}{{model_name.name}}{{/is_match}}{{eval "a+1"}}'
    assert list(variables_in(parse(text))) == ["value", "service.name", "model_name.name", "a+1"]


@given(st.lists(st.tuples(st.sampled_from(sorted(CONDITIONS)), st.text("abc ", max_size=5), st.booleans()), max_size=5))
def test_nested_conditions_show_what_their_flat_reading_says(blocks: list[tuple[str, str, bool]]):
    text = "".join(f"{{{{{'^' if negated else '#'}{name}}}}}{body}" for name, body, negated in blocks)
    text += "".join(f"{{{{/{name}}}}}" for name, _, _ in reversed(blocks))
    held = frozenset(name for name, _, _ in blocks[::2])
    expected = ""
    for name, body, negated in blocks:
        if (name in held) == negated:
            break
        expected += body
    assert render(text, Situation(held)) == expected
