"""The installation that is measured: one product, no key of anybody."""

from typing import Final

from pydantic import SecretStr

from benchmarks.event import SECRET
from farthing import catalog
from farthing.config import Settings

STRIPE_KEY: Final = "sk_test_of_the_benchmarks"
CATALOG: Final = catalog.parse(
    """
    currency = "eur"
    [products.guide]
    name = "The guide"
    kind = "access"
    features = ["guide:pro"]
    price = "49.00 EUR"
    """
)

SKUS: Final = tuple(f"sneaker-{n}" for n in range(50))
GOODS: Final = catalog.parse(
    'currency = "eur"\n'
    + "\n".join(
        f'''
        [products.{sku}]
        name = "Sneaker {sku}"
        kind = "goods"
        price = "49.00 EUR"
        [products.{sku}.goods]
        sku = "{sku}"
        '''
        for sku in SKUS
    )
)


def settings(dsn: str, webhook_secret: str = SECRET) -> Settings:
    return Settings(
        env="test",
        database_url=SecretStr(dsn),
        secret_key=SecretStr("a secret of the benchmarks, long enough to sign with"),
        stripe_secret_key=SecretStr(STRIPE_KEY),
        stripe_webhook_secrets=(SecretStr(webhook_secret),),
    )
