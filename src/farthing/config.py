"""Settings: read from the environment once, checked at start, wrong ones refused with a line that names them.

Standard names win over own names (`DATABASE_URL`, `STRIPE_SECRET_KEY`). A misspelled FARTHING_ name is an error, not silence.
Each may also be given as `<NAME>_FILE`, the path of a file that holds it.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator

from farthing.errors import ConfigError

NAMES: Final = {
    "env": "FARTHING_ENV",
    "database_url": "FARTHING_DATABASE_URL",
    "database_direct_url": "DATABASE_DIRECT_URL",
    "base_url": "FARTHING_BASE_URL",
    "success_url": "FARTHING_SUCCESS_URL",
    "cancel_url": "FARTHING_CANCEL_URL",
    "home": "FARTHING_HOME",
    "catalog": "FARTHING_CONFIG",
    "secret_key": "FARTHING_SECRET_KEY",
    "stripe_secret_key": "STRIPE_SECRET_KEY",
    "stripe_publishable_key": "STRIPE_PUBLISHABLE_KEY",
    "stripe_webhook_secrets": "STRIPE_WEBHOOK_SECRET",
    "webhook_token": "FARTHING_WEBHOOK_TOKEN",
    "stripe_api_base": "STRIPE_API_BASE",
    "easypost_api_key": "EASYPOST_API_KEY",
    "easypost_webhook_secrets": "EASYPOST_WEBHOOK_SECRET",
    "easypost_api_base": "EASYPOST_API_BASE",
    "allowed_hosts": "FARTHING_ALLOWED_HOSTS",
    "jwks_url": "FARTHING_JWKS_URL",
    "jwt_secret": "FARTHING_JWT_SECRET",
    "jwt_audience": "FARTHING_JWT_AUDIENCE",
    "jwt_issuer": "FARTHING_JWT_ISSUER",
    "smtp_url": "FARTHING_SMTP_URL",
    "mail_from": "FARTHING_MAIL_FROM",
    "checkout_minutes": "FARTHING_CHECKOUT_MINUTES",
    "emails": "FARTHING_EMAILS",
    "inbox_days": "FARTHING_INBOX_DAYS",
    "downloads": "FARTHING_DOWNLOADS",
    "download_hosts": "FARTHING_DOWNLOAD_HOSTS",
    "download_minutes": "FARTHING_DOWNLOAD_MINUTES",
    "access_token_minutes": "FARTHING_ACCESS_TOKEN_MINUTES",
    "access_token_audience": "FARTHING_ACCESS_TOKEN_AUDIENCE",
    "app": "FARTHING_APP",
    "log_level": "FARTHING_LOG_LEVEL",
    "log_format": "FARTHING_LOG_FORMAT",
}
"""Setting → the environment variable that sets it."""

ALIASES: Final = {
    "env": "ENVIRONMENT",
    "database_url": "DATABASE_URL",
    "base_url": "PUBLIC_APP_URL",
    "success_url": "STRIPE_SUCCESS_URL",
    "cancel_url": "STRIPE_CANCEL_URL",
}
"""A second name, used when the first is not set."""

ENVIRONMENTS: Final = {
    "development": "dev",
    "local": "dev",
    "testing": "test",
    "ci": "test",
    "staging": "production",
    "preview": "production",
    "prod": "production",
}
"""What others say under ENVIRONMENT, and what it is called here."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "testserver"})


def _comma_list(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_comma_list)]
SecretList = Annotated[tuple[SecretStr, ...], BeforeValidator(_comma_list)]


class Settings(BaseModel):
    """Everything that may differ between two installations of the same code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Literal["dev", "test", "production"] = "dev"
    database_url: SecretStr | None = None
    database_direct_url: SecretStr | None = None
    base_url: str = "http://127.0.0.1:4242"
    success_url: str | None = None
    """Where a buyer goes who paid, unless the one who asks for the page says otherwise."""
    cancel_url: str | None = None
    home: Path = Path(".farthing")
    catalog: Path = Path("farthing.toml")
    secret_key: SecretStr | None = None
    stripe_secret_key: SecretStr | None = None
    stripe_publishable_key: str | None = None
    stripe_webhook_secrets: SecretList = ()
    webhook_token: SecretStr | None = None
    """A secret last part of the webhook address, where one is wanted beside the signature."""
    stripe_api_base: str | None = None
    easypost_api_key: SecretStr | None = None
    """With it, labels are bought and parcels are followed."""
    easypost_webhook_secrets: SecretList = ()
    easypost_api_base: str | None = None
    allowed_hosts: CommaList = ()
    jwks_url: str | None = None
    jwt_secret: SecretStr | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    smtp_url: SecretStr | None = None
    mail_from: str = "shop@localhost"
    checkout_minutes: int = Field(default=60, ge=31, le=24 * 60 - 1)
    emails: Path | None = None
    """A folder with templates and translations of emails that are used instead of ours."""
    inbox_days: int = Field(default=90, ge=35, le=3650)
    """How long the words of the provider's events are kept. Below 35 days one could come back and be taken for new."""
    downloads: Path = Path("downloads")
    """The folder of the files that products of kind "download" name, where the host's own storage does not hold them."""
    download_hosts: CommaList = ()
    """Hosts of that storage: where a buyer may be sent for a file."""
    download_minutes: int = Field(default=60, ge=1, le=24 * 60)
    access_token_minutes: int = Field(default=5, ge=1, le=60)
    access_token_audience: str | None = None
    """Who is to check access tokens; by default whoever answers to FARTHING_BASE_URL."""
    app: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("base_url", "stripe_api_base", "easypost_api_base")
    @classmethod
    def _is_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be a URL such as https://shop.example")
        return value.rstrip("/")

    @field_validator("stripe_publishable_key")
    @classmethod
    def _is_publishable(cls, value: str | None) -> str | None:
        """It is sent to browsers: the secret one in its place would be given away. The message holds neither."""
        if value is not None and not re.fullmatch(r"pk_(test|live)_[A-Za-z0-9_]+", value.strip()):
            raise ValueError("must be a publishable key: pk_test_… or pk_live_…")
        return None if value is None else value.strip()

    @property
    def livemode(self) -> bool:
        key = self.stripe_secret_key.get_secret_value().strip() if self.stripe_secret_key else ""
        return "_live_" in key[:9]

    @property
    def sandboxed(self) -> bool:
        """Whether "Stripe" is the sandbox on this machine."""
        return self.stripe_api_base is not None and urlsplit(self.stripe_api_base).hostname in LOOPBACK

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts that a buyer may be sent back to: our own, and those listed."""
        own = urlsplit(self.base_url).hostname or ""
        return frozenset({own, *(host.lower() for host in self.allowed_hosts)})

    @property
    def webhook_secrets_are_signing_secrets(self) -> bool:
        """Whether each could be one: with another key in its place, every delivery would be refused."""
        return all(secret.get_secret_value().startswith("whsec_") for secret in self.stripe_webhook_secrets)

    def require_stripe(self) -> str:
        """The API key, checked against the mode. Raises ConfigError; the message never holds the key."""
        if self.stripe_secret_key is None:
            raise ConfigError("STRIPE_SECRET_KEY is not set: use a key from the Stripe dashboard, or run `farthing dev`.")
        key = self.stripe_secret_key.get_secret_value().strip()
        if not re.fullmatch(r"(sk|rk)_(test|live)_[A-Za-z0-9_]+", key):
            raise ConfigError("STRIPE_SECRET_KEY is not a secret key: it starts with sk_test_, sk_live_, rk_test_ or rk_live_.")
        if self.livemode and self.stripe_api_base is not None:
            raise ConfigError("STRIPE_SECRET_KEY is a live key, but STRIPE_API_BASE points elsewhere: unset one of them.")
        if self.livemode and self.env != "production":
            raise ConfigError("STRIPE_SECRET_KEY is a live key: it is refused unless FARTHING_ENV=production.")
        if self.stripe_publishable_key is not None and self.livemode != self.stripe_publishable_key.startswith("pk_live_"):
            raise ConfigError("STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY are of different modes: one is live, one is test.")
        if self.env == "production" and self.sandboxed:
            raise ConfigError("FARTHING_ENV is production, but STRIPE_API_BASE is this machine: unset it.")
        return key

    def require_easypost(self) -> str | None:
        """The key of who sells labels, checked against Stripe's; None without one. The message never holds it."""
        if self.easypost_api_key is None:
            return None
        key = self.easypost_api_key.get_secret_value().strip()
        if not re.fullmatch(r"EZ(TK|AK)[A-Za-z0-9_]{8,200}", key):
            raise ConfigError("EASYPOST_API_KEY is not an API key of EasyPost's: it starts with EZTK (test) or EZAK.")
        live = key.startswith("EZAK")
        if live and self.easypost_api_base is not None:
            raise ConfigError("EASYPOST_API_KEY is a production key, but EASYPOST_API_BASE leads elsewhere: unset one of them.")
        if live != self.livemode:
            raise ConfigError(
                "EASYPOST_API_KEY and STRIPE_SECRET_KEY are of different modes: one spends and takes money, one does not."
            )
        return key

    def check_served(self) -> None:
        """What a process that takes requests must have. Raises ConfigError: fail closed, at start-up."""
        self.require_stripe()
        if not self.stripe_webhook_secrets or not all(s.get_secret_value() for s in self.stripe_webhook_secrets):
            raise ConfigError("STRIPE_WEBHOOK_SECRET is not set: deliveries could not be verified.")
        if not self.webhook_secrets_are_signing_secrets:
            raise ConfigError("STRIPE_WEBHOOK_SECRET is not the signing secret of an endpoint: that starts with whsec_.")
        if self.secret_key is None or len(self.secret_key.get_secret_value()) < 32:
            raise ConfigError("FARTHING_SECRET_KEY is not set, or too short: make one with `openssl rand -hex 32`.")
        for name, url in (("FARTHING_SUCCESS_URL", self.success_url), ("FARTHING_CANCEL_URL", self.cancel_url)):
            parts = urlsplit(url or self.base_url)
            if parts.scheme not in ("http", "https") or parts.hostname not in self.hosts:
                raise ConfigError(f"{name} points to a host that is not allowed: add it to FARTHING_ALLOWED_HOSTS.")
        if self.webhook_token is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,128}", self.webhook_token.get_secret_value()):
            raise ConfigError("FARTHING_WEBHOOK_TOKEN is 16 to 128 letters, digits, - or _: `openssl rand -hex 24` makes one.")
        if self.env == "production" and urlsplit(self.base_url).scheme != "https":
            raise ConfigError("FARTHING_BASE_URL must start with https:// in production.")


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment, with overrides on top. Raises ConfigError naming every wrong variable."""
    environ = os.environ if environ is None else environ
    known = {*NAMES.values(), *ALIASES.values()}
    # FARTHING_STRICT is the sandbox's own.
    known |= {f"{name}_FILE" for name in known} | {"FARTHING_STRICT"}
    for name in environ:
        if name.startswith("FARTHING_") and name not in known and not name.startswith("FARTHING_TEST_"):
            raise ConfigError(f"{name} is not a setting of Farthing.{_did_you_mean(name, known)}")
    values = {field: value for field in NAMES if (value := _read(environ, field)) is not None}
    try:
        return Settings.model_validate(values | overrides)
    except ValidationError as error:
        lines = [f"{NAMES.get(str(item['loc'][0]), item['loc'][0])}: {_said(item['msg'])}" for item in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def _read(environ: Mapping[str, str], field: str) -> str | None:
    for name in (NAMES[field], ALIASES.get(field)):
        if name is None:
            continue
        if environ.get(name):
            return _spoken(name, environ[name].strip())
        if path := environ.get(f"{name}_FILE"):
            try:
                return Path(path).read_text().strip()
            except OSError as error:
                raise ConfigError(f"{name}_FILE: {path} cannot be read: {error.strerror}.") from None
            except ValueError:
                raise ConfigError(f"{name}_FILE: {path} is not a text file in UTF-8.") from None
    return None


def _spoken(name: str, value: str) -> str:
    return ENVIRONMENTS.get(value.lower(), value.lower()) if name == "ENVIRONMENT" else value


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")


def _did_you_mean(name: str, known: set[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""
