from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.errors import ConfigError
from ddllm.settings import FeatureRule, FileSettings, Price, load_file

WHOLE = """\
# yaml-language-server: $schema=ddllm.schema.json
prices:
  models:
    imported-legal-7b: {input_per_million: 0.40, output_per_million: 1.20, from: 2026-01-01}
    rerank: {per_thousand_requests: 2}
    agent: {input_per_million: 1, output_per_million: 2, per_thousand_requests: 5}
    custom: {input_per_million: 1, output_per_million: 0, cache_read_per_million: .1, cache_write_per_million: 1.25}
  aliases: {"arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc": anthropic.claude-v2:1}
  discounts: [{provider: aws.bedrock, percent: 12}]
features:
  - {match: {route: "/chat*"}, feature: chat}
  - {match: {service: on, resource: "GET *"}, feature: yes}
expects:
  - {match: {feature: extract}, kind: json_schema, schema: schemas/invoice.json, allow_wrapped: false}
caps: {feature: 50, prompt_version: 1000}
fingerprint_templates: false
exemplars: {per_minute: 20, sample: 0.01, slow_seconds: 10, expensive_dollars: 0.5, s3: {bucket: kept, prefix: prod/}}
metrics: {exclude: [ddllm.time_per_output_token]}
tags: {exclude: [region]}
"""


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "ddllm.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        (tmp_path / "schemas").mkdir(exist_ok=True)
        (tmp_path / "schemas" / "invoice.json").write_text('{"type": "object", "required": ["total"]}')
        (tmp_path / "schemas" / "list.json").write_text("[1]")
        return path

    return write


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_file(path)
    return str(caught.value).replace(str(path), "ddllm.yaml")


def test_every_part_of_the_file_is_read(write):
    read = load_file(write(WHOLE))
    assert read.prices.models == {
        "imported-legal-7b": Price(0.4, 1.2, since=date(2026, 1, 1)),
        "rerank": Price(per_thousand_requests=2.0),
        "agent": Price(1.0, 2.0, per_thousand_requests=5.0),
        "custom": Price(1.0, 0.0, cache_read_per_million=0.1, cache_write_per_million=1.25),
    }
    assert list(read.prices.aliases.values()) == ["anthropic.claude-v2:1"]
    assert read.prices.discounts == {"aws.bedrock": 12.0}
    assert read.features[0] == FeatureRule("chat", {"route": "/chat*"})
    [expectation] = read.expects
    assert expectation.expected == {
        "kind": "json_schema",
        "schema": {"type": "object", "required": ["total"]},
        "allow_wrapped": False,
    }
    assert expectation.match == {"feature": "extract"}
    assert read.fingerprint_templates is False
    assert read.metrics_exclude == {"ddllm.time_per_output_token"}
    assert read.tags_exclude == {"region"}


def test_yes_and_on_are_text(write):
    assert load_file(write(WHOLE)).features[1] == FeatureRule("yes", {"service": "on", "resource": "GET *"})


def test_caps_that_are_not_named_keep_their_default(write):
    assert load_file(write(WHOLE)).caps == {
        "feature": 50,
        "action": 200,
        "prompt_template": 200,
        "prompt_version": 1000,
        "comparison": 200,
    }


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n", "{}", "caps:\nfeatures:\n"])
def test_an_empty_file_says_nothing(write, content):
    assert load_file(write(content)) == FileSettings()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("price: {}", "ddllm.yaml:1:1: unknown key in the file: 'price'. Did you mean 'prices'?"),
        (
            "caps: {zzz: 1}",
            "ddllm.yaml:1:8: unknown key in caps: 'zzz'. Known: action, comparison, feature, prompt_template, prompt_version",
        ),
        (
            "caps:\n  feature: 1\n  feature: 2",
            "ddllm.yaml:3:3: 'feature' stands twice in caps; it was first at ddllm.yaml:2:3",
        ),
        ("caps: {feature: 0}", "ddllm.yaml:1:17: feature must be a whole number of 1 or more"),
        ("caps: {feature: 1.5}", "ddllm.yaml:1:17: feature must be a whole number of 1 or more"),
        (
            "metrics: {exclude: [ddllm.tttf]}",
            "ddllm.yaml:1:21: unknown metric 'ddllm.tttf'. Did you mean 'ddllm.ttft'?",
        ),
        ("tags: {exclude: [regoin]}", "ddllm.yaml:1:18: unknown tag 'regoin'. Did you mean 'region'?"),
        *(
            (
                f"tags:\n  exclude: [{tag}]",
                f"ddllm.yaml:2:13: the tag {tag!r} cannot be left out: Datadog's client adds it, not ddllm. Known: action, cause, comparison, cost_source, error_type, feature, finish_reason, format, kind, model_name, model_vendor, monitor, operation, outcome, prompt_template, prompt_version, provider, reason, region, runbook, severity, status, stream",
            )
            for tag in ("service", "env", "version")
        ),
        ("tags: [region]", "ddllm.yaml:1:7: tags must be a mapping of keys to values"),
        ("tags: {exclude: region}", "ddllm.yaml:1:17: tags.exclude must be a list"),
        ("- prices", "ddllm.yaml:1:1: the file must be a mapping of keys to values"),
        (
            "prices: {models: {m: {input_per_million: 1}}}",
            "ddllm.yaml:1:22: a price needs the key 'output_per_million'",
        ),
        (
            "prices: {models: {m: {}}}",
            "ddllm.yaml:1:22: a price needs the key 'input_per_million'. What is paid for by the request has 'per_thousand_requests' alone",
        ),
        (
            "prices: {models: {m: {per_thousand_requests: 2, output_per_million: 1}}}",
            "ddllm.yaml:1:22: a price needs the key 'input_per_million'",
        ),
        (
            "prices: {models: {m: {per_thousand_requests: 2, cache_read_per_million: 1}}}",
            "ddllm.yaml:1:22: a price needs the key 'input_per_million'",
        ),
        (
            "prices: {models: {m: {per_thousand_requests: free}}}",
            "ddllm.yaml:1:46: per_thousand_requests must be a number of 0 or more",
        ),
        (
            "prices: {models: {m: {per_thousand_request: 1}}}",
            "ddllm.yaml:1:23: unknown key in a price: 'per_thousand_request'. Did you mean 'per_thousand_requests'?",
        ),
        (
            "prices: {models: {m: {input_per_million: -1, output_per_million: 1}}}",
            "ddllm.yaml:1:42: input_per_million must be a number of 0 or more",
        ),
        (
            "prices: {models: {m: {input_per_million: .nan, output_per_million: 1}}}",
            "ddllm.yaml:1:42: input_per_million must be a number of 0 or more",
        ),
        (
            "prices: {models: {m: {input_per_million: 1, output_per_million: 1, from: soon}}}",
            "ddllm.yaml:1:74: from must be a day such as 2026-01-31",
        ),
        (
            "prices: {discounts: [{provider: p, percent: 101}]}",
            "ddllm.yaml:1:45: percent must be a number from 0 to 100",
        ),
        (
            "prices: {discounts: [{provider: p, percent: 1}, {provider: p, percent: 2}]}",
            "ddllm.yaml:1:60: 'p' has two discounts",
        ),
        ("prices: {aliases: {a: }}", "ddllm.yaml:1:22: an alias must be a text"),
        (
            "features: [{match: {path: x}, feature: f}]",
            "ddllm.yaml:1:21: unknown key in match: 'path'. Known: resource, route, service",
        ),
        (
            "features: [{match: {}, feature: f}]",
            "ddllm.yaml:1:20: match must name at least one pattern; without one the rule would take every call",
        ),
        ("features: [{feature: f}]", "ddllm.yaml:1:12: a feature rule needs the key 'match'"),
        ("fingerprint_templates: yes", "ddllm.yaml:1:24: fingerprint_templates must be true or false"),
        (
            "exemplars: {per_minut: 1}",
            "ddllm.yaml:1:13: unknown key in exemplars: 'per_minut'. Did you mean 'per_minute'?",
        ),
        ("exemplars: {s3: {prefix: x}}", "ddllm.yaml:1:17: exemplars.s3 needs the key 'bucket'"),
        ("expects: [{match: {feature: f}}]", "ddllm.yaml:1:11: an expectation needs the key 'kind'"),
        (
            "expects: [{match: {feature: f}, kind: yaml}]",
            "ddllm.yaml:1:39: unknown kind 'yaml'. Known: json, json_schema, regex",
        ),
        (
            "expects: [{match: {feature: f}, kind: regex}]",
            "ddllm.yaml:1:11: an expectation of kind regex needs the key 'schema'",
        ),
        (
            "expects: [{match: {feature: f}, kind: regex, schema: '['}]",
            "ddllm.yaml:1:54: schema is no regular expression: unterminated character set at position 0",
        ),
        (
            "expects: [{match: {feature: f}, kind: json, schema: {}}]",
            "ddllm.yaml:1:53: kind json has no schema. Is json_schema meant?",
        ),
        (
            "expects: [{match: {feature: f}, kind: json_schema, schema: schemas/list.json}]",
            "ddllm.yaml:1:60: schema must be a JSON Schema: a mapping, or the path of a file that holds one",
        ),
        ("prices: [", "ddllm.yaml:1:10: this is not YAML: expected the node content, but found '<stream end>'"),
        (
            "a: 1\n--- \nb: 1",
            "ddllm.yaml:2:1: this is not YAML: but found another document",
        ),
        ("a: *b", "ddllm.yaml:1:4: this is not YAML: found undefined alias 'b'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(write, content, message):
    assert refused(write(content)) == message


def test_a_schema_file_that_is_not_there_is_named_where_it_is_asked_for(write):
    path = write("expects: [{match: {feature: f}, kind: json_schema, schema: schemas/no.json}]")
    assert refused(path) == f"ddllm.yaml:1:60: there is no schema file {path.parent}/schemas/no.json"


def test_a_schema_in_the_file_is_read_as_json_has_it(write):
    schema = (
        "{type: object, required: [yes], properties: {n: {const: 1}, x: {maximum: 1.5, default: null, nullable: true}}}"
    )
    [rule] = load_file(write(f"expects: [{{match: {{feature: f}}, kind: json_schema, schema: {schema}}}]")).expects
    assert rule.expected["schema"] == {
        "type": "object",
        "required": ["yes"],
        "properties": {"n": {"const": 1}, "x": {"maximum": 1.5, "default": None, "nullable": True}},
    }


def test_bytes_that_are_no_text_are_refused(write):
    assert refused(write(b"caps: \xff\xfe")).startswith("ddllm.yaml: this is not YAML: ")


def test_a_file_that_does_not_exist_is_named_with_the_way_out(tmp_path):
    message = refused(tmp_path / "ddllm.yaml")
    assert (
        message == "ddllm.yaml: the file cannot be read: No such file or directory. DDLLM_CONFIG names the file to read"
    )


def test_deep_nesting_is_refused(write):
    assert refused(write("[" * 20_000)).startswith("ddllm.yaml")


@given(st.one_of(st.binary(max_size=60), st.text(alphabet="[]{}:,-&*!| \n#pricesfeatumodl1", max_size=60)))
def test_any_bytes_are_settings_or_a_config_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "ddllm.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        read: object = load_file(path)
    except ConfigError as error:
        read = error
    assert isinstance(read, FileSettings) or str(path) in str(read)
