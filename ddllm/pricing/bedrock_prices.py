"""Which entry of the catalogue holds the price of a Bedrock model, and for which calls.

The catalogue matches parts of ids, so that it finds models that it was never told of: `amazon.nova-lite-v9:0` by
`amazon.nova-lite`, a custom model by its base model's id. What it finds is compared here with what was asked for, and a price
that was stated for something else is none.
"""

import re

from ddllm.pricing.bedrock_ids import ModelId
from ddllm.pricing.tariff import Rates

#: ARNs of other kinds are paid for by the hour or the minute, or stand for a model that the id does not tell.
_ON_DEMAND = frozenset({"", "foundation-model", "inference-profile"})
#: Clouds with price lists of their own (GovCloud costs a fifth more); the catalogue has those of the public one.
_PUBLIC = "aws"
_GOVERNMENT = "us-gov"
#: Prefixes of the catalogue's ids: entries of all geographies, and of the global profile alone. The others are the prices of the
#: regions in the United States; elsewhere the same model may cost a third more.
_REGIONAL, _GLOBAL = "regional", "global"
_UNITED_STATES = frozenset({"", "us"})
#: A context length as an id's last part (`:0:48k`, `:0:512`, `:0:mm`) is that of provisioned throughput.
_PROVISIONED = re.compile(r":\d+:\w+\Z")
#: Models that cost more above so many input tokens (for Claude a beta of Anthropic's), by their makers' price lists; the catalogue
#: has one price for all lengths.
_LONG_CONTEXT = {"claude-sonnet-4": 200_000, "claude-sonnet-4-5": 200_000, "gpt-5.4": 272_000, "gpt-5.5": 272_000}
_NAME = re.compile(r"(?P<stem>.+?)(?:-(?P<day>20\d{6}))?(?:-v(?P<version>\d+))?(?::(?P<revision>\d+))?")


def references(model: ModelId) -> tuple[str, ...]:
    """Return the names to ask the catalogue for, none where the id names no model.

    A geographic profile that the catalogue does not have is found by the model itself.
    """
    if model.kind not in _ON_DEMAND or not model.maker:
        return ()
    profiled, plain, _ = model.spellings
    return (profiled,) if model.profile in {"", _GLOBAL} else (profiled, plain)


def is_model(model: ModelId, found: str) -> bool:
    """Whether the entry `found` is that of the model, and not of another one whose id looks like it.

    The catalogue leaves out some days and some ids some versions; what both say must be the same.
    """
    maker, _, name = _scope(found)[1].partition(".")
    asked, stated = _NAME.fullmatch(_PROVISIONED.sub("", model.name)), _NAME.fullmatch(name)
    if model.maker != maker or asked is None or stated is None or asked["stem"] != stated["stem"]:
        return False
    if _PROVISIONED.search(model.name) is None and (asked["revision"] or "0") != (stated["revision"] or "0"):
        return False
    return all(asked[part] in {None, stated[part]} or stated[part] is None for part in ("day", "version"))


def is_priced(model: ModelId, found: str) -> bool:
    """Whether the price of the model's entry is the one that the call pays: on demand, in its geography."""
    if model.partition != _PUBLIC or model.profile == _GOVERNMENT or _PROVISIONED.search(model.name):
        return False
    scope, _ = _scope(found)
    if model.profile == _GLOBAL:
        return scope == _GLOBAL
    return scope == _REGIONAL or (scope == "" and model.profile in _UNITED_STATES)


def limit(model: ModelId, rates: tuple[Rates, ...]) -> int | None:
    """Return up to how many input tokens the catalogue's rates of a model hold, None where they say so themselves."""
    name = _NAME.fullmatch(model.name)
    return _LONG_CONTEXT.get(name["stem"]) if name is not None and len(rates) == 1 else None


def _scope(found: str) -> tuple[str, str]:
    scope, _, rest = found.lower().partition(".")
    return (scope, rest) if scope in {_REGIONAL, _GLOBAL} else ("", found.lower())
