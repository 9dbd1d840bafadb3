from ddllm.settings import FeatureRule, FileSettings


def test_a_rule_matches_when_all_its_patterns_do():
    rule = FeatureRule("chat", {"route": "/chat*", "service": "web"})
    assert rule.matches({"route": "/chat/1", "service": "web"})
    assert not rule.matches({"route": "/chat/1", "service": "api"})


def test_a_fact_that_is_missing_matches_nothing():
    assert not FeatureRule("chat", {"route": "*"}).matches({"service": "web"})


def test_patterns_are_case_sensitive():
    assert not FeatureRule("chat", {"route": "/Chat"}).matches({"route": "/chat"})


def test_every_invented_tag_is_capped_without_a_file():
    assert FileSettings().caps == {
        "feature": 200,
        "action": 200,
        "prompt_template": 200,
        "prompt_version": 200,
        "comparison": 200,
    }
