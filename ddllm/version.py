"""The version of ddllm."""

VERSION = "0.1.0"
