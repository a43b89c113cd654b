"""The sandbox that a command speaks to: where it is, whether it is one at all, and whose account is meant.

Asked in this order: the command line, the environment, the `farthing dev` of this folder, the port that sandboxes have.
No key is sent before whatever answers has shown that it is a sandbox, and a live key never.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from farthing.cli.dev import state
from farthing.cli.dev.state import State
from farthing.cli.home import home_of, own
from farthing.errors import ConfigError, Conflict, FarthingError, Invalid, NotFound, ProviderError, ProviderUnavailable

URL_DEFAULT: Final = "http://127.0.0.1:12111"
NOBODY: Final = "No sandbox answers at {}: start one with `farthing dev` or `farthing sandbox`, or name it with --url."
WHOSE: Final = "Whose account? Pass --key sk_test_…, or set STRIPE_SECRET_KEY."
KEY_DEFAULT: Final = "sk_test_farthing"
"""Of an account that opens on first sight, for who has not chosen one; `farthing sandbox` says so."""
KEYS: Final = ("sk_test_", "rk_test_")
LOOK_SECONDS: Final = 5.0
WORK_SECONDS: Final = 180.0
REFUSALS: Final[dict[int, type[FarthingError]]] = {
    400: Invalid,
    402: ProviderError,
    403: ConfigError,
    404: NotFound,
    409: Conflict,
}


class SandboxAt:
    """One that has answered for itself."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url
        self._key = key

    @property
    def key(self) -> str:
        return self._key or KEY_DEFAULT

    @property
    def presumes(self) -> bool:
        """Nobody said whose account is meant."""
        return self._key is None

    @property
    def house(self) -> bool:
        """Whether it is that of the `farthing dev` of this folder, which goes by its clock."""
        running = _dev()
        return running is not None and running.sandbox_url == self.url

    @property
    def whose(self) -> dict[str, str]:
        """For controls that can do without a key where there is only one account."""
        return {"key": self._key} if self._key else {}

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params=query)

    def post(self, path: str, fields: Mapping[str, Any] | None = None) -> Any:
        return self._ask("POST", path, json=dict(fields or {}))

    def delete(self, path: str, fields: Mapping[str, Any] | None = None) -> Any:
        return self._ask("DELETE", path, json=dict(fields or {}))

    def post_raw(self, path: str, content: bytes) -> Any:
        return self._ask("POST", path, content=content, headers={"content-type": "application/json"})

    def _ask(self, method: str, path: str, **inside: Any) -> Any:
        """Raises what the answer means, with the exit code that belongs to it."""
        try:
            # trust_env: a proxy in the environment has no business between two programs of this machine.
            answer = httpx.request(method, f"{self.url}/_sandbox{path}", timeout=WORK_SECONDS, trust_env=False, **inside)
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"The sandbox at {self.url} does not answer any more ({type(error).__name__}).") from None
        except ValueError:
            raise Invalid("What you gave is nothing that JSON can say: a number that is none, or half a letter.") from None
        if answer.is_success or answer.status_code == httpx.codes.GATEWAY_TIMEOUT:
            return _json(answer, self.url)
        said = _error(answer)
        raise REFUSALS.get(answer.status_code, ProviderError)(said["message"], param=said.get("param"))


def find(url: str | None, key: str | None = None) -> SandboxAt:
    """Raises ConfigError for what is no sandbox, ProviderUnavailable where nothing answers, Invalid for a live key."""
    chosen = own_key(key)
    if named := url or os.environ.get("STRIPE_API_BASE"):
        at = _checked(_tidy(named))
        return SandboxAt(at, chosen or _key_of_dev(at))
    running = _dev()
    for candidate in filter(None, (running.sandbox_url if running else None, URL_DEFAULT)):
        try:
            return SandboxAt(_checked(candidate), chosen or _key_of_dev(candidate))
        except ProviderUnavailable:
            continue
    raise ProviderUnavailable(NOBODY.format(URL_DEFAULT))


def own_key(given: str | None) -> str | None:
    """The key that somebody named; None where nobody did."""
    key = given or os.environ.get("STRIPE_SECRET_KEY") or _from_file(os.environ.get("STRIPE_SECRET_KEY_FILE"))
    if key is None:
        return None
    where = "--key" if given else "STRIPE_SECRET_KEY"
    if "_live_" in key[: len("rk_live_")]:
        raise Invalid(f"{where} is a live key: no sandbox may see it. Use a test key.")
    if not key.startswith(KEYS) or len(key) <= len(KEYS[0]):
        raise Invalid(f"{where} is no key of a sandbox: one begins with sk_test_.")
    return key


def key_of_dev() -> str | None:
    """Of the `farthing dev` of this folder, whether it runs or not."""
    running = _dev()
    return running.stripe_key if running else None


def _key_of_dev(url: str) -> str | None:
    """Its account is at its own sandbox, and at no other."""
    running = _dev()
    return running.stripe_key if running and running.sandbox_url == url else None


def _dev() -> State | None:
    environ = own()
    return state.find(home_of(environ)) if environ.get("FARTHING_ENV", "dev") == "dev" else None


def _tidy(url: str) -> str:
    full = url if "://" in url else f"http://{url}"
    if not is_address(full):
        raise Invalid(f"{url[:80]!r} is no address of a sandbox: write it like {URL_DEFAULT}.")
    return full.rstrip("/").removesuffix("/_sandbox")


def is_address(url: str) -> bool:
    """Of something that speaks HTTP."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parts.scheme in ("http", "https") and bool(parts.host)


def _checked(url: str) -> str:
    """It says what it is before it is told anything."""
    try:
        answer = httpx.get(f"{url}/_sandbox/health", timeout=LOOK_SECONDS, trust_env=False)
    except httpx.HTTPError:
        raise ProviderUnavailable(NOBODY.format(url)) from None
    if not _is_sandbox(answer):
        raise ConfigError(f"What answers at {url} is not a sandbox: nothing was sent to it.")
    return url


def _is_sandbox(answer: httpx.Response) -> bool:
    try:
        said = answer.json()
    except ValueError:
        return False
    return answer.is_success and isinstance(said, dict) and said.get("status") == "ok" and "stripe_version" in said


def _from_file(path: str | None) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else None
    except (OSError, ValueError):
        raise ConfigError(f"STRIPE_SECRET_KEY_FILE: {path} cannot be read.") from None


def _json(answer: httpx.Response, url: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise ConfigError(f"What answers at {url} calls itself a sandbox, and does not answer like one.") from None


def _error(answer: httpx.Response) -> dict[str, Any]:
    """In the sandbox's own words, where it has some."""
    try:
        error = answer.json()["error"]
        return {"message": str(error["message"]), "param": error.get("param")}
    except (ValueError, KeyError, TypeError, AttributeError):
        text = " ".join(answer.text.split())[:200]
        return {"message": f"The sandbox answered {answer.status_code}{': ' + text if text else ''}."}
