from ddllm.call import Call
from ddllm.instrument.attribution import Scope
from ddllm.instrument.report import prompts


def call(explicit: Scope | None = None, annotated: Scope | None = None) -> Call:
    made = Call("aws.bedrock", "Converse", "m", "r", stream=False, started=0.0)
    made.scope = (explicit, annotated)
    return made


def test_what_the_code_says_goes_before_what_llm_observability_says():
    assert prompts.said(call(Scope(prompt_template="qa"), Scope(prompt_template="other")), "prompt_template") == "qa"
    assert prompts.said(call(Scope(), Scope(prompt_template="other")), "prompt_template") == "other"
    assert prompts.said(call(), "prompt_template") is None


def test_only_the_context_says_what_is_expected():
    assert prompts.explicit(call(Scope(expects="json")), "expects") == "json"
    assert prompts.explicit(call(None, Scope()), "expects") is None
    bare = call()
    bare.scope = None
    assert prompts.explicit(bare, "expects") is None


def test_a_fingerprint_is_of_the_system_prompt_alone():
    one = prompts.fingerprint({"system": "You are a  clerk.", "messages": [{"role": "user", "content": "a"}]})
    assert one is not None
    assert one.startswith("fp-")
    assert len(one) == 11
    assert prompts.fingerprint({"system": [{"text": "You are a clerk."}], "messages": []}) == one
    assert prompts.fingerprint({"system": "You are a cook."}) != one
    assert prompts.fingerprint({"messages": []}) is None
