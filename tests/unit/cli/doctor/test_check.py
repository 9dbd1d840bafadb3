from ddllm.cli.doctor.check import Check, Finding


def test_a_check_says_what_it_found():
    assert Check("sky", lambda: Finding("ok", "blue")).run() == Finding("ok", "blue")


def test_a_check_that_breaks_is_a_finding():
    def broken():
        raise KeyError("sky")

    finding = Check("sky", broken).run()
    assert finding.status == "fail"
    assert "KeyError('sky')" in finding.detail
