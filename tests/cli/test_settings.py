"""Settings, the doctor and the logs: everything is told, and no secret is."""

import pytest
from tests.cli.conftest import Farthing
from tests.worlds import Account

from farthing.cli.logs import clean, redact

SECRETS = ("sk_test_51Habcdefghijklmnop", "whsec_abcdefghijklmnopqrst", "fk_live_abcdefgh-ijkl_mnop", "4242 4242 4242 4242")


@pytest.mark.covers("F178")
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_reaches_a_log(secret: str) -> None:
    told = redact(f"refused {secret}, sorry")
    assert secret not in told
    assert told.startswith("refused ")
    assert told.endswith(", sorry")


@pytest.mark.parametrize(
    "harmless",
    ["order_01k9h4w3q8fvtb7m2x5c6d0e1f", "evt_1QabcXYZ", "12.50 EUR", "2026-11-21T04:00:00", "http://127.0.0.1:4242/admin"],
)
def test_what_is_no_secret_stays_as_it_is(harmless: str) -> None:
    assert redact(harmless) == harmless


def test_a_password_in_an_address_is_masked() -> None:
    assert redact("postgresql://ada:sesame@db/shop") == "postgresql://ada:…@db/shop"


async def test_settings_are_shown_with_their_sources_and_without_secrets(farthing: Farthing, shop: dict[str, str]) -> None:
    said = farthing("config", "show", "--json")
    assert said.code == 0
    shown = {line["setting"]: line for line in said.json}
    assert shown["stripe_secret_key"]["source"] == "STRIPE_SECRET_KEY"
    assert shown["database_url"]["source"] == "DATABASE_URL"
    assert (shown["env"]["value"], shown["env"]["source"]) == ("dev", "default")
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "FARTHING_SECRET_KEY"):
        assert shop[name] not in said.out


def test_a_misspelled_setting_is_named(bare: Farthing) -> None:
    said = bare("config", "show", environ={"FARTHING_SECRETKEY": "x" * 40})
    assert (said.code, said.out) == (3, "")
    assert said.err == "farthing: FARTHING_SECRETKEY is not a setting of Farthing. Did you mean FARTHING_SECRET_KEY?\n"


async def test_the_doctor_says_how_to_repair(farthing: Farthing, shop: dict[str, str], account: Account) -> None:
    said = farthing("doctor", "--json")
    assert said.code == 0
    states = {check["name"]: check["state"] for check in said.json["checks"]}
    assert states.pop("Worker") == "warning"
    assert states.pop("Webhook endpoint") == "warning"
    assert set(states.values()) == {"ok"}
    assert account.key not in said.out

    ill = farthing("doctor", "--json", environ={name: value for name, value in shop.items() if "SECRET" not in name})
    assert ill.code == 3
    failed = {check["name"]: check["fix"] for check in ill.json["checks"] if check["state"] == "failed"}
    assert failed.keys() == {"Secret key", "Stripe key", "Webhook secret"}
    assert "openssl rand -hex 32" in failed["Secret key"]
    assert {check["name"] for check in ill.json["checks"] if check["state"] == "skipped"} == {
        "Stripe",
        "Webhook endpoint",
        "Clock",
    }


@pytest.mark.covers("F103")
@pytest.mark.parametrize(
    ("name", "value", "check", "sentence"),
    [
        ("FARTHING_SMTP_URL", "mail.example", "Mail", "must look like smtp://user:password@mail.example:587"),
        ("FARTHING_SMTP_URL", "smtp://127.0.0.1:9", "Mail", "Check FARTHING_SMTP_URL."),
        ("STRIPE_WEBHOOK_SECRET", "sk_test_1", "Webhook secret", "the signing secret of your endpoint at Stripe (whsec_…)"),
    ],
)
async def test_the_doctor_sees_a_value_that_cannot_work(
    farthing: Farthing, shop: dict[str, str], name: str, value: str, check: str, sentence: str
) -> None:
    said = farthing("doctor", "--json", environ=shop | {name: value})
    assert said.code == 3
    failed = {each["name"]: each["fix"] for each in said.json["checks"] if each["state"] == "failed"}
    assert failed.keys() == {check}
    assert sentence in failed[check]


async def test_the_doctor_looks_at_the_rest_where_the_database_is_down(farthing: Farthing, shop: dict[str, str]) -> None:
    said = farthing("doctor", "--json", environ=shop | {"DATABASE_URL": "postgresql://ada:sesame@127.0.0.1:9/shop"})
    assert said.code == 3
    states = {check["name"]: check["state"] for check in said.json["checks"]}
    assert (states["Database"], states["Schema"], states["Stripe"], states["Catalog"]) == ("failed", "skipped", "ok", "ok")
    assert "sesame" not in said.out + said.err


def test_a_secret_inside_something_else_is_left_out_of_the_log() -> None:
    sent = {"headers": [{"authorization": "Bearer abc"}], "url": "postgresql://ada:sesame@db/shop", "at": (1, "whsec_abc")}
    assert clean("sent", sent) == {
        "headers": [{"authorization": "…"}],
        "url": "postgresql://ada:…@db/shop",
        "at": [1, "whsec_…"],
    }
