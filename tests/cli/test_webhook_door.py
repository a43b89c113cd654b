"""`farthing webhooks test`: the door is knocked at, as Stripe would and as a forger would."""

import pytest
from tests.cli.conftest import Farthing
from tests.news import count
from tests.shops import running_app
from tests.worlds import Sandbox

from farthing import Farthing as Pay
from farthing.catalog import EXAMPLE, parse
from farthing.config import Settings
from farthing.world import World


@pytest.mark.covers("S001-4")
async def test_a_door_that_is_right_is_said_to_be_right(
    bare: Farthing, dsn: str, sandbox: Sandbox, world: World, shop: dict[str, str]
) -> None:
    made: list[Settings] = []

    def make(settings: Settings) -> object:
        made.append(settings)
        return Pay(settings, catalog=parse(EXAMPLE), run_worker=False).asgi

    with running_app(dsn, sandbox, make) as site:  # type: ignore[arg-type]
        environ = shop | {
            "FARTHING_BASE_URL": site.url,
            "STRIPE_SECRET_KEY": site.key,
            "STRIPE_WEBHOOK_SECRET": made[0].stripe_webhook_secrets[0].get_secret_value(),
        }
        said = bare("webhooks", "test", "--json", environ=environ)
        assert (said.code, [each["ok"] for each in said.json["checks"]]) == (0, [True, True, True]), said.out + said.err
        wrong = bare("webhooks", "test", "--json", environ=environ | {"STRIPE_WEBHOOK_SECRET": "whsec_another"})
        assert (wrong.code, [each["ok"] for each in wrong.json["checks"]]) == (3, [False, True, False])
    away = bare("webhooks", "test", environ=environ)
    assert (away.code, "nobody answers" in away.out) == (3, True)
    assert await count(world, "provider_events") == 1
