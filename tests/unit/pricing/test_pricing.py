import subprocess
import sys

import pytest

from ddllm import pricing
from ddllm.call import Usage
from ddllm.pricing import Cost

NOVA = "amazon.nova-lite-v1:0"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DDLLM_CONFIG", raising=False)
    pricing._catalogue.cache_clear()
    yield
    pricing._catalogue.cache_clear()


def test_a_call_has_a_price_and_its_source():
    assert pricing.cost("aws.bedrock", NOVA, Usage(1_000_000, 1_000_000)) == Cost(pytest.approx(0.3), "catalogue")


def test_an_unknown_model_has_none():
    assert pricing.cost("aws.bedrock", "does-not-exist", Usage(1, 1)) is None


def test_a_tier_can_be_named():
    assert pricing.cost("aws.bedrock", NOVA, Usage(1, 1), tier="flex") is None


def test_rates_are_those_of_the_process(tmp_path):
    (tmp_path / "ddllm.yaml").write_text("prices: {models: {rerank: {per_thousand_requests: 2}}}")
    assert pricing.rates("aws.bedrock", "rerank") == (pricing.Rates(-1, 0, 0, 0, 0, 0, 0.002),)
    assert pricing.rates("aws.bedrock", NOVA)[0].output == pytest.approx(0.24e-6)
    assert pricing.rates("aws.bedrock", NOVA, tier="flex") == pricing.rates("aws.bedrock", "does-not-exist") == ()


def test_what_is_public_is_there_and_documented():
    for name in pricing.__all__:
        assert getattr(pricing, name) is not None
    assert pricing.Usage is Usage
    assert "None where no price is known" in pricing.cost.__doc__


def test_a_submodule_does_not_hide_a_function():
    import ddllm.pricing.tariff  # noqa: F401

    assert callable(pricing.rates)


def test_the_file_of_the_process_holds(tmp_path):
    (tmp_path / "ddllm.yaml").write_text(
        f"prices: {{models: {{'{NOVA}': {{input_per_million: 1, output_per_million: 2}}}}}}"
    )
    assert pricing.cost("aws.bedrock", NOVA, Usage(1_000_000, 1_000_000)) == Cost(pytest.approx(3.0), "override")


def test_a_broken_file_leaves_the_defaults_and_is_said_once(tmp_path, caplog):
    (tmp_path / "ddllm.yaml").write_text("price: {}")
    for _ in range(2):
        assert pricing.context_window("aws.bedrock", NOVA) == 300_000
    assert caplog.text.count("unknown key in the file: 'price'. Did you mean 'prices'? (defaults apply)") == 1


def test_importing_it_loads_neither_the_catalogue_nor_yaml():
    code = "import sys, ddllm.pricing; print(sorted({'genai_prices', 'pydantic', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
