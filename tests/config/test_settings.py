"""Settings: what is wrong is refused at the start, by name, and no refusal shows a secret."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from farthing.config import NAMES, Settings, load
from farthing.errors import ConfigError

SECRET = "very5ecret"
TEST_KEY = f"sk_test_{SECRET}"
LIVE_KEY = f"sk_live_{SECRET}"
SERVED = {
    "STRIPE_SECRET_KEY": TEST_KEY,
    "STRIPE_WEBHOOK_SECRET": f"whsec_{SECRET}",
    "FARTHING_SECRET_KEY": SECRET * 4,
}
PRODUCTION = SERVED | {
    "FARTHING_ENV": "production",
    "STRIPE_SECRET_KEY": LIVE_KEY,
    "FARTHING_BASE_URL": "https://shop.example",
}


def refused(environ: dict[str, str]) -> str:
    """What a server says that does not start with this environment; nothing of it may be a secret."""
    with pytest.raises(ConfigError) as refusal:
        load(environ).check_served()
    said = refusal.value.detail
    assert SECRET not in said
    assert refusal.value.exit_code == 3
    return said


def test_nothing_set_is_a_development_shop_on_this_machine() -> None:
    settings = load({})
    assert (settings.env, settings.base_url, settings.livemode) == ("dev", "http://127.0.0.1:4242", False)
    assert settings.hosts == {"127.0.0.1"}


@pytest.mark.covers("S003-1")
@pytest.mark.parametrize("environ", [SERVED, PRODUCTION, SERVED | {"STRIPE_API_BASE": "http://127.0.0.1:1234"}])
def test_what_is_whole_is_served(environ: dict[str, str]) -> None:
    load(environ).check_served()


LACKING = [
    ({"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY is not set: use a key from the Stripe dashboard, or run `farthing dev`."),
    ({"STRIPE_SECRET_KEY": f"pk_test_{SECRET}"}, "STRIPE_SECRET_KEY is not a secret key: it starts with sk_test_"),
    ({"STRIPE_SECRET_KEY": SECRET}, "STRIPE_SECRET_KEY is not a secret key"),
    ({"STRIPE_SECRET_KEY": f"sk_test_{SECRET} {SECRET}"}, "STRIPE_SECRET_KEY is not a secret key"),
    ({"STRIPE_SECRET_KEY": LIVE_KEY}, "STRIPE_SECRET_KEY is a live key: it is refused unless FARTHING_ENV=production."),
    ({"STRIPE_SECRET_KEY": f"rk_live_{SECRET}"}, "STRIPE_SECRET_KEY is a live key"),
    (
        {"STRIPE_SECRET_KEY": LIVE_KEY, "STRIPE_API_BASE": "http://127.0.0.1:1"},
        "STRIPE_SECRET_KEY is a live key, but STRIPE_API_BASE points elsewhere: unset one of them.",
    ),
    (
        {"FARTHING_ENV": "production", "STRIPE_SECRET_KEY": LIVE_KEY, "STRIPE_API_BASE": "https://elsewhere.example"},
        "STRIPE_SECRET_KEY is a live key, but STRIPE_API_BASE points elsewhere",
    ),
    (
        {"FARTHING_ENV": "production", "STRIPE_API_BASE": "http://localhost:1"},
        "FARTHING_ENV is production, but STRIPE_API_BASE is this machine: unset it.",
    ),
    ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET is not set: deliveries could not be verified."),
    ({"STRIPE_WEBHOOK_SECRET": " , ,"}, "STRIPE_WEBHOOK_SECRET is not set"),
    ({"STRIPE_WEBHOOK_SECRET": "whsec_1,sk_test_1"}, "STRIPE_WEBHOOK_SECRET is not the signing secret of an endpoint"),
    ({"FARTHING_SUCCESS_URL": "https://evil.example/"}, "FARTHING_SUCCESS_URL points to a host that is not allowed"),
    ({"FARTHING_CANCEL_URL": "javascript:alert(1)"}, "FARTHING_CANCEL_URL points to a host that is not allowed"),
    ({"FARTHING_WEBHOOK_TOKEN": SECRET}, "FARTHING_WEBHOOK_TOKEN is 16 to 128 letters, digits, - or _"),
    ({"FARTHING_SECRET_KEY": ""}, "FARTHING_SECRET_KEY is not set, or too short: make one with `openssl rand -hex 32`."),
    ({"FARTHING_SECRET_KEY": "x" * 31}, "FARTHING_SECRET_KEY is not set, or too short"),
    (
        {"FARTHING_ENV": "production", "FARTHING_BASE_URL": "http://shop.example"},
        "FARTHING_BASE_URL must start with https:// in production.",
    ),
]


@pytest.mark.covers("F153", "F162", "S003-2")
@pytest.mark.parametrize(("changes", "said"), LACKING)
def test_a_server_that_could_not_be_trusted_does_not_start(changes: dict[str, str], said: str) -> None:
    assert refused(SERVED | changes).startswith(said)


WRONG = [
    ({"FARTHING_ENV": "prod"}, "FARTHING_ENV: Input should be 'dev', 'test' or 'production'"),
    ({"FARTHING_CHECKOUT_MINUTES": "30"}, "FARTHING_CHECKOUT_MINUTES: Input should be greater than or equal to 31"),
    ({"FARTHING_CHECKOUT_MINUTES": "1440"}, "FARTHING_CHECKOUT_MINUTES: Input should be less than or equal to 1439"),
    ({"FARTHING_CHECKOUT_MINUTES": "an hour"}, "FARTHING_CHECKOUT_MINUTES: Input should be a valid integer"),
    ({"FARTHING_BASE_URL": "shop.example"}, "FARTHING_BASE_URL: must be a URL such as https://shop.example"),
    ({"FARTHING_BASE_URL": "ftp://shop.example"}, "FARTHING_BASE_URL: must be a URL"),
    ({"FARTHING_BASE_URL": "https://shop.example?a=1"}, "FARTHING_BASE_URL: must be a URL"),
    ({"FARTHING_BASE_URL": "javascript:alert(1)"}, "FARTHING_BASE_URL: must be a URL"),
    ({"STRIPE_API_BASE": "//evil"}, "STRIPE_API_BASE: must be a URL"),
    ({"FARTHING_LOG_LEVEL": "loud"}, "FARTHING_LOG_LEVEL: Input should be 'debug'"),
    ({"FARTHING_SMTP_URLS": "x"}, "FARTHING_SMTP_URLS is not a setting of Farthing. Did you mean FARTHING_SMTP_URL?"),
    ({"FARTHING_BASEURL": "x"}, "FARTHING_BASEURL is not a setting of Farthing. Did you mean FARTHING_BASE_URL?"),
    ({"FARTHING_XYZZY": "x"}, "FARTHING_XYZZY is not a setting of Farthing."),
    ({"FARTHING_JWT_SECRET_FILE": "/nowhere/at all"}, "FARTHING_JWT_SECRET_FILE: /nowhere/at all cannot be read: No such file"),
    ({"FARTHING_SECRET_KEY_FILE": "/"}, "FARTHING_SECRET_KEY_FILE: / cannot be read: Is a directory."),
]


@pytest.mark.covers("S000-51")
@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_a_wrong_setting_is_refused_by_its_name(changes: dict[str, str], said: str) -> None:
    environ = {name: value for name, value in SERVED.items() if f"{name}_FILE" not in changes}
    assert refused(environ | changes).startswith(said)


@pytest.mark.covers("S000-51", "S003-1", "S002-19", "C22")
def test_the_names_of_others_are_understood() -> None:
    settings = load(
        {
            "ENVIRONMENT": "Staging",
            "DATABASE_URL": "postgresql://h/db",
            "PUBLIC_APP_URL": "https://shop.example/",
            "STRIPE_SUCCESS_URL": "https://shop.example/ok",
            "STRIPE_CANCEL_URL": "https://shop.example/no",
            "STRIPE_PRODUCT_JOB_POSTING_BASE": "prod_1",
            "STRIPE_PRICE_UPSELL_EMAIL_BLAST": "price_1",
        }
    )
    assert (settings.env, settings.base_url, settings.success_url, settings.cancel_url) == (
        "production",
        "https://shop.example",
        "https://shop.example/ok",
        "https://shop.example/no",
    )
    assert load({"ENVIRONMENT": "production", "FARTHING_ENV": "test"}).env == "test", "our own name wins"
    assert refused({"ENVIRONMENT": "the moon"}).startswith("FARTHING_ENV: Input should be 'dev', 'test' or 'production'")


@pytest.mark.covers("S000-51", "S003-1")
def test_the_example_names_every_setting_with_a_line_and_a_valid_value() -> None:
    text = (Path(__file__).parents[2] / ".env.example").read_text()
    found = re.findall(r"^# (.+)\n#? ?([A-Z_]+)=(.*)$", text, re.MULTILINE)
    assert [name for _, name, _ in found] == list(NAMES.values())
    assert len(re.findall(r"^#? ?[A-Z_]+=", text, re.MULTILINE)) == len(NAMES), "each has a line before it that says what it is"
    load({name: value for _, name, value in found if value}).check_served()


def test_every_wrong_setting_is_named_at_once() -> None:
    lines = refused(SERVED | {"FARTHING_ENV": "prod", "FARTHING_CHECKOUT_MINUTES": "1", "FARTHING_LOG_FORMAT": "xml"})
    assert [line.partition(":")[0] for line in lines.splitlines()] == [
        "FARTHING_ENV",
        "FARTHING_CHECKOUT_MINUTES",
        "FARTHING_LOG_FORMAT",
    ]


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{TEST_KEY}\n")
    settings = load({"STRIPE_SECRET_KEY_FILE": str(file)})
    assert settings.require_stripe() == TEST_KEY
    other = load({"STRIPE_SECRET_KEY_FILE": str(file), "STRIPE_SECRET_KEY": "sk_test_of_the_environment"})
    assert other.require_stripe() == "sk_test_of_the_environment"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe" + SECRET.encode())
    assert refused(SERVED | {"FARTHING_JWT_SECRET_FILE": str(file)}).endswith("is not a text file in UTF-8.")


@pytest.mark.covers("F178")
def test_no_secret_is_shown_by_the_settings_themselves() -> None:
    names = [name for name in NAMES.values() if name not in _PUBLIC]
    settings = load(dict.fromkeys(names, f"postgresql://u:{SECRET}@h/db"))
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert SECRET not in shown


_PUBLIC = {
    "FARTHING_SUCCESS_URL",
    "FARTHING_CANCEL_URL",
    "STRIPE_PUBLISHABLE_KEY",
    "FARTHING_INBOX_DAYS",
    "FARTHING_EMAILS",
    "FARTHING_DOWNLOADS",
    "FARTHING_DOWNLOAD_HOSTS",
    "FARTHING_DOWNLOAD_MINUTES",
    "FARTHING_ACCESS_TOKEN_MINUTES",
    "FARTHING_ACCESS_TOKEN_AUDIENCE",
    "FARTHING_ENV",
    "FARTHING_BASE_URL",
    "FARTHING_HOME",
    "FARTHING_CONFIG",
    "STRIPE_API_BASE",
    "EASYPOST_API_BASE",
    "FARTHING_ALLOWED_HOSTS",
    "FARTHING_JWKS_URL",
    "FARTHING_JWT_AUDIENCE",
    "FARTHING_JWT_ISSUER",
    "FARTHING_MAIL_FROM",
    "FARTHING_CHECKOUT_MINUTES",
    "FARTHING_APP",
    "FARTHING_LOG_LEVEL",
    "FARTHING_LOG_FORMAT",
}


def test_lists_are_parted_by_commas() -> None:
    settings = load({"FARTHING_ALLOWED_HOSTS": " Shop.Example, ,m.shop.example,", "STRIPE_WEBHOOK_SECRET": "whsec_1,whsec_2 "})
    assert settings.hosts == {"127.0.0.1", "shop.example", "m.shop.example"}
    assert [secret.get_secret_value() for secret in settings.stripe_webhook_secrets] == ["whsec_1", "whsec_2"]


@pytest.mark.parametrize(
    ("key", "live"), [(TEST_KEY, False), (LIVE_KEY, True), (f"rk_live_{SECRET}", True), (f"   {LIVE_KEY}\n", True)]
)
def test_a_live_key_is_known_for_one_however_it_is_written(key: str, live: bool) -> None:
    settings = Settings(stripe_secret_key=SecretStr(key))
    assert settings.livemode is live
    if live:
        with pytest.raises(ConfigError, match="live key"):
            settings.require_stripe()


def test_overrides_stand_above_the_environment_and_are_checked_as_well() -> None:
    assert load({"FARTHING_ENV": "dev"}, env="test").env == "test"
    with pytest.raises(ConfigError, match="FARTHING_ENV"):
        load({}, env="prod")
    with pytest.raises(ConfigError, match="colour"):
        load({}, **{"colour": "blue"})  # noqa: PIE804 - a name that no setting has


def test_settings_are_not_changed_afterwards() -> None:
    settings: Any = load({})
    with pytest.raises(ValueError, match="frozen"):
        settings.env = "production"
