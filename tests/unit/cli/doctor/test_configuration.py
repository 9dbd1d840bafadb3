import pytest

from ddllm.cli.doctor import configuration


@pytest.fixture(autouse=True)
def _empty(monkeypatch, tmp_path):
    for name in ("DD_SERVICE", "DD_ENV", "DD_VERSION", "DD_TAGS", "DDLLM_CONFIG", "DDLLM_FLUSH_INTERVAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_variable_that_cannot_be_read_is_named(monkeypatch):
    monkeypatch.setenv("DDLLM_FLUSH_INTERVAL", "soon")
    finding = configuration.variables()
    assert finding.status == "warn"
    assert "DDLLM_FLUSH_INTERVAL='soon'" in finding.detail


def test_readable_variables_are_fine(monkeypatch):
    monkeypatch.setenv("DDLLM_FLUSH_INTERVAL", "0.5")
    assert configuration.variables().status == "ok"


def test_no_file_is_fine():
    assert configuration.file().status == "ok"


def test_a_file_that_can_be_used_is_fine(tmp_path):
    (tmp_path / "ddllm.yaml").write_text("caps: {feature: 50}\n")
    assert configuration.file() == configuration.Finding("ok", "ddllm.yaml")


def test_a_broken_file_is_a_failure_with_its_line(tmp_path):
    (tmp_path / "ddllm.yaml").write_text("caps: {feature: 50}\nfetures: []\n")
    finding = configuration.file()
    assert finding.status == "fail"
    assert "ddllm.yaml:2" in finding.detail


def test_a_named_file_that_is_not_there_is_a_failure(monkeypatch, tmp_path):
    monkeypatch.setenv("DDLLM_CONFIG", str(tmp_path / "none.yaml"))
    assert configuration.file().status == "fail"


def test_unified_tags_that_are_missing_are_named(monkeypatch):
    monkeypatch.setenv("DD_SERVICE", "chat")
    finding = configuration.unified_tags()
    assert finding.status == "warn"
    assert finding.detail.startswith("DD_ENV DD_VERSION not set")


def test_unified_tags_may_stand_in_dd_tags(monkeypatch):
    monkeypatch.setenv("DD_SERVICE", "chat")
    monkeypatch.setenv("DD_TAGS", "env:prod, version:3 team:ml")
    assert configuration.unified_tags().status == "ok"
