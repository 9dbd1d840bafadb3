"""Meta's Llama: a prompt in, a generation out."""

from collections.abc import Iterator, Mapping
from typing import Any

from ddllm.sandbox.bedrock.ask import Ask, count_tokens, wanted_json
from ddllm.sandbox.bedrock.failures import invalid
from ddllm.sandbox.bedrock.families import metrics
from ddllm.sandbox.bedrock.reply import Reply

_STOPS = {"stop": "stop", "length": "length", "tool_use": "stop"}
#: The provider's own default of max_gen_len.
_DEFAULT_LENGTH = 512


class _Llama:
    marker = "meta.llama"
    context_window = 128_000
    min_cacheable: int | None = None

    def read(self, body: Mapping[str, Any]) -> Ask:
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not prompt:
            raise invalid(
                "Malformed input request: #: required key [prompt] not found, please reformat your input and try again."
            )
        ask = Ask(max_tokens=body.get("max_gen_len", _DEFAULT_LENGTH))
        ask.say(prompt)
        ask.schema = wanted_json(ask.parts)
        return ask

    def body(self, reply: Reply) -> dict[str, Any]:
        return {
            "generation": "".join(block.streamed for block in reply.blocks),
            "prompt_token_count": reply.usage.input,
            "generation_token_count": reply.usage.output,
            "stop_reason": _STOPS[reply.stop],
        }

    def chunks(self, reply: Reply) -> Iterator[tuple[float, dict[str, Any]]]:
        pieces = [piece for index, block in enumerate(reply.blocks) for piece in reply.pieces(block, index)]
        generated = 0
        for number, (at, piece) in enumerate(pieces):
            generated = min(generated + count_tokens(piece), reply.usage.output)
            asked = None if number else reply.usage.input
            yield at, _chunk(piece, asked, generated, None)
        yield reply.end, _chunk("", None, reply.usage.output, _STOPS[reply.stop]) | metrics(reply)


FAMILY = _Llama()


def _chunk(piece: str, asked: int | None, generated: int, stop: str | None) -> dict[str, Any]:
    return {
        "generation": piece,
        "prompt_token_count": asked,
        "generation_token_count": generated,
        "stop_reason": stop,
    }
