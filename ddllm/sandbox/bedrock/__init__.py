"""A simulator of the Bedrock runtime: real HTTP and event streams to real SDKs, for Claude and Llama, with dials.

`Bedrock` runs it, `Dials` says what its models do.
"""

from ddllm.sandbox.bedrock.dials import Dials
from ddllm.sandbox.bedrock.server import Bedrock

__all__ = ["Bedrock", "Dials"]
