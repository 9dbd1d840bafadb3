"""Workloads and measured calls for the tests of comparisons."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ddllm.analysis.compare.report import Report, Row, report
from ddllm.analysis.compare.results import Measured
from ddllm.definitions.workload import Model, Parameters, Prompt, Workload
from tests.support.simulator import LLAMA, SONNET

CLAUDE = Model("aws.bedrock", SONNET)
META = Model("aws.bedrock", LLAMA)
NOVA = Model("aws.bedrock", "us.amazon.nova-pro-v1:0")


def workload(
    prompts: int = 3, *, models: tuple[Model, ...] = (CLAUDE, META), repeat: int = 2, budget: float = 1.0, **more: Any
) -> Workload:
    """A workload of so many questions, each another one."""
    parameters = Parameters(**{"max_tokens": 50, **more.pop("parameters", {})})
    asked = tuple(Prompt(f"p{n}", (("user", f"How long does delivery {n} take?"),), parameters) for n in range(prompts))
    return Workload("shop", models, asked, repeat, budget=budget, **more)


def measured(prompt: str = "p0", model: str = SONNET, repetition: int = 0, **more: Any) -> Measured:
    """A finished call."""
    key = f"{prompt} {model} {repetition}"
    defaults: dict[str, Any] = {"at": "2026-01-05T09:00:00.000+00:00", "duration": 1.0, "cost": 0.001}
    return Measured(key=key, prompt=prompt, model=model, repetition=repetition, **{**defaults, **more})


def row(found: Report, key: str) -> Row:
    """One metric of a report."""
    return next(each for each in found.rows if each.metric.key == key)


def calls(asked: Workload, make: Callable[[Model, int, int], dict[str, Any]], **more: Any) -> list[Measured]:
    """One finished call for each of a workload's; `make` says of (model, prompt number, repetition) what it was like."""
    return [
        measured(prompt.id, model.id, repetition, **{**more, **make(model, number, repetition)})
        for number, prompt in enumerate(asked.prompts)
        for model in asked.models
        for repetition in range(asked.repeat)
    ]


def priced(model: Model, number: int, repetition: int) -> dict[str, Any]:
    """A world in which Llama costs a third."""
    base = 0.001 * (1 + number / 4) * (1 + 0.02 * repetition)
    return {"cost": base / 3 if model == META else base}


_ASKED = workload(8, repeat=5)


def _shop_call(prompt: str, number: int, model: Model, repetition: int) -> Measured:
    """A call of a made-up world in which Llama is cheap and quick and often breaks its format, and once throttled."""
    quick = model == META
    step = 1 + 0.15 * (number % 4) + 0.08 * ((number * 7 + repetition * 3 + quick) % 5)
    if quick and number == 3 and repetition == 4:
        return measured(
            prompt, model.id, repetition, status="error", error="ThrottlingException", cost=None, duration=0.2
        )
    return measured(
        prompt,
        model.id,
        repetition,
        cost=(0.0004 if quick else 0.0036) * step,
        ttft=(0.21 if quick else 0.48) * step,
        duration=(1.1 if quick else 2.6) * step,
        tokens_per_second=(104 if quick else 71) / step,
        input_tokens=40 + number,
        output_tokens=round((52 if quick else 55) * step),
        refusal="text" if not quick and number == 0 and not repetition else None,
        format_ok=not quick or (number + repetition) % 2 == 0,
        checks=(True,),
    )


#: A report in which there is something of everything.
SHOP = report(
    _ASKED,
    [
        _shop_call(prompt.id, number, model, repetition)
        for number, prompt in enumerate(_ASKED.prompts)
        for model in (CLAUDE, META)
        for repetition in range(5)
    ],
)


FILE = """\
name: shop
models:
- {{provider: aws.bedrock, model: {first}}}
- {{provider: aws.bedrock, model: {second}}}
defaults: {{max_tokens: 60, stream: true}}
repeat: {repeat}
concurrency: {concurrency}
budget_dollars: {budget}
prompts:
"""


def write_workload(folder: Path, *, prompts: int = 6, repeat: int = 2, concurrency: int = 3, budget: float = 1) -> Path:
    """A workload as a user writes one."""
    head = FILE.format(first=SONNET, second=LLAMA, repeat=repeat, concurrency=concurrency, budget=budget)
    lines = (f'- {{messages: [{{role: user, content: "How long does delivery {n} take?"}}]}}\n' for n in range(prompts))
    path = folder / "shop.yaml"
    path.write_text(head + "".join(lines))
    return path
