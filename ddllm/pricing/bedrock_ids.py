"""The ids by which a Bedrock model can be asked for: plain, inference profile, ARN of each kind.

Source: the pattern of `modelId` in the service model of bedrock-runtime, and the ids of field recordings.
"""

import re
from functools import lru_cache
from typing import NamedTuple

#: ARNs of these kinds end in a model's id; all others name something that stands for a model.
_NAMING = frozenset({"foundation-model", "inference-profile", "custom-model"})
#: A region's name has two letters (`us`, `us-gov`), or is one of two words; makers have longer names.
_MODEL = re.compile(
    r"(?:(?P<profile>global|apac|[a-z]{2}(?:-[a-z]+)?)\.(?=[^.]+\.))?(?P<maker>[a-z0-9]+)\.(?P<name>.+)", re.DOTALL
)
_FIRST_REVISION = re.compile(r":0(?=$|[:/])")


class ModelId(NamedTuple):
    """A model id in its parts, in lower case.

    kind      of the ARN (`inference-profile`, `imported-model`, …), empty for a plain id
    profile   the prefix of a cross-region inference profile (`us`, `global`, …), empty without one
    maker     empty where the id does not name the model
    name      the rest; without a maker `<kind>/<resource>` of the ARN, or the whole id
    partition the cloud that an ARN is of (`aws`, `aws-us-gov`, `aws-cn`); `aws` without an ARN
    """

    kind: str
    profile: str
    maker: str
    name: str
    partition: str = "aws"

    @property
    def short(self) -> str:
        """The name without the `:0` of a first revision."""
        return _FIRST_REVISION.sub("", self.name)

    @property
    def spellings(self) -> tuple[str, ...]:
        """The ways in which a person may write this model, from the most to the least particular."""
        plain = f"{self.maker}.{self.name}" if self.maker else self.name
        profiled = f"{self.profile}.{plain}" if self.profile else plain
        return profiled, plain, self.short


@lru_cache(maxsize=1024)
def parse(model_id: str) -> ModelId:
    """Take a model id apart. Anything is accepted."""
    text = model_id.strip().lower()
    kind, partition = "", "aws"
    if text.startswith("arn:"):
        parts = text.split(":", 5)
        partition, resource = parts[1] or partition, parts[-1]
        kind, _, text = resource.partition("/")
        if kind not in _NAMING:
            return ModelId(kind, "", "", resource, partition)
    match = _MODEL.fullmatch(text)
    if match is None:
        return ModelId(kind, "", "", f"{kind}/{text}" if kind else text, partition)
    return ModelId(kind, match["profile"] or "", match["maker"], match["name"], partition)
