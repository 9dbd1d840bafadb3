"""What an owner has in Datadog, kept in a file: plans can be made from it without a network and without keys."""

import json
from pathlib import Path
from typing import Any

from ddllm.definitions.variables import Reference
from ddllm.errors import SyncError
from ddllm.sync.identity import Owner
from ddllm.sync.remote import Remotes
from ddllm.sync.resource import Remote
from ddllm.sync.resources import resources

_VERSION = 1


def save(remotes: Remotes, owner: Owner, path: Path) -> None:
    """Write what was read to a file; fields that can hold secrets are left out. Raises SyncError where that cannot be."""
    hidden = {kind: each.hidden for kind, each in resources().items()}
    objects = [
        {
            "kind": kind,
            "key": key,
            "id": remote.id,
            "applied": remote.applied,
            "page": remote.page,
            "created": remote.created,
            "body": {name: value for name, value in remote.body.items() if name not in hidden[kind]},
        }
        for (kind, key), remote in sorted(remotes.items())
    ]
    content = {"ddllm_snapshot": _VERSION, "project": owner.project, "env": owner.env, "objects": objects}
    try:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SyncError(f"the snapshot cannot be written to {path}: {error.strerror}") from None


def load(path: Path, owner: Owner) -> Remotes:
    """Read a snapshot. Raises SyncError where the file is none, or is another owner's."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["ddllm_snapshot"] != _VERSION:
            raise SyncError(f"{path} was written by another version of ddllm", hint="Make the snapshot anew")
        held = Owner(content["project"], content["env"])
        found = dict(_object(each) for each in content["objects"])
    except (OSError, UnicodeDecodeError, LookupError, TypeError, ValueError):
        raise SyncError(
            f"{path} is not a snapshot of ddllm", hint="`ddllm plan --save-snapshot FILE` writes one"
        ) from None
    if held != owner:
        raise SyncError(f"{path} is a snapshot of {held}, and the files are for {owner}")
    return found


def _object(each: Any) -> tuple[Reference, Remote]:
    remote = Remote(each["id"], each["key"], each["applied"], each["page"], each["body"], each["created"])
    return Reference(each["kind"], each["key"]), remote
