"""What a check finds: how it is, and how to repair it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`fix` says what to do; only what is well needs none."""

    name: str
    state: State
    detail: str
    fix: str = ""


def ok(name: str, detail: str) -> Finding:
    return Finding(name, "ok", detail)


def warning(name: str, detail: str, fix: str) -> Finding:
    return Finding(name, "warning", detail, fix)


def failed(name: str, detail: str, fix: str) -> Finding:
    return Finding(name, "failed", detail, fix)


def skipped(name: str, detail: str) -> Finding:
    return Finding(name, "skipped", detail)
