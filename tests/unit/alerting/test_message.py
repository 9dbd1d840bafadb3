"""What a notification says, and whom it calls."""

import numpy as np
import pytest

from ddllm.alerting.message import Texts, say
from ddllm.alerting.notifications import Notification
from ddllm.alerting.rule import Level, Rule
from ddllm.alerting.state import State
from ddllm.alerting.watch import Course, Watched

ALERT = Notification(120, State.OK, State.ALERT, 120)
AGAIN = Notification(180, State.ALERT, State.ALERT, 120, again=True)


def course(*values: float, by=("service",), group=("chat",), warning=None) -> Course:
    rule = Rule(Level(">", 2.0), warning)
    times = 60 * np.arange(1, len(values) + 1)
    return Course(
        Watched(1, "m", "query alert", "q"),
        rule,
        by,
        (group,),
        times,
        np.ones((1, len(values)), np.int8),
        np.array([values]),
    )


def said(message, notification=ALERT, members=(), of=None, **texts) -> str:
    found = say(
        Texts("{{service.name}} is slow", message, **texts), of or course(1, 2.5, 3), ("chat",), notification, members
    )
    return found.text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{value}} {{comparator}} {{threshold}}", "2.5 > 2"),
        ("{{warn_threshold}}", ""),
        ("{{#is_alert}}now{{/is_alert}}{{#is_recovery}}over{{/is_recovery}}", "now"),
        ("{{last_triggered_at_epoch}}", "120000"),
    ],
)
def test_a_message_knows_value_threshold_transition_and_time(template, text):
    assert said(template) == f"chat is slow\n{text}"


def test_a_warning_has_a_threshold_of_its_own():
    assert said("{{warn_threshold}}", of=course(1, 2, 3, warning=Level(">", 1.0))) == "chat is slow\n1"


def test_a_composite_shows_its_members_by_letter():
    members = [course(0, 7, 0), course(0, 0.1234567, 0, by=(), group=())]
    assert said("{{a.value}} {{b.value}} {{c.value}}", members=members) == "chat is slow\n7 0.123 "


def test_what_is_told_again_has_a_text_of_its_own():
    assert said("first", AGAIN, escalation="again") == "chat is slow\nagain"
    assert said("first", AGAIN) == "chat is slow\nfirst"


def test_the_handles_are_those_of_the_rendered_message():
    texts = Texts("n", "{{#is_alert}}@pagerduty-a{{/is_alert}}{{#is_recovery}} @slack-b{{/is_recovery}}")
    assert say(texts, course(1, 2, 3), ("chat",), ALERT).handles == ("@pagerduty-a",)
