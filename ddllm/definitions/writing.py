"""Values as YAML, so that `document` reads the same values from it."""

from typing import Any

import yaml

from ddllm.definitions.document import PLAIN_WORDS

_ENDLESS = 1 << 30  # no line is broken


class _Dumper(yaml.SafeDumper):
    """Quotes what either this package or another reader of YAML would take for something else than text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the base class has it
        first: list(words) for first, words in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write what stands in two places twice."""
        return True


for _tag, _pattern, _first in PLAIN_WORDS:
    _Dumper.add_implicit_resolver(_tag, _pattern, _first)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    is_plain_block = bool(value.strip()) and not value[0].isspace() and not value.endswith("\n\n")
    style = ("|" if is_plain_block else '"') if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def block(value: Any) -> str:
    """Write a value over several lines, texts of several lines as blocks; it ends with a line feed."""
    return _dump(value, default_flow_style=False)


def inline(value: Any, quote: str | None = None, *, bracketed: bool = False) -> str:
    """Write a value on one line. `quote` is the sign that texts are quoted with; a `bracketed` one may stand inside of brackets."""
    style = quote if isinstance(value, str) else None
    if bracketed or (isinstance(value, str) and "\n" in value):
        return _dump([value], default_flow_style=True, default_style=style).strip()[1:-1]
    return _dump(value, default_flow_style=True, default_style=style).removesuffix("...\n").rstrip("\n")


def _dump(value: Any, **options: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS, **options)
    return text
