"""`farthing subscriptions retry`: what is owed, tried now."""

from pathlib import Path

from tests.cli.conftest import Farthing, farthing, folder, shop
from tests.dunning.conftest import Late
from tests.subscriptions.conftest import PLANS

__all__ = ["farthing", "folder", "shop"]


async def test_what_is_owed_is_tried_from_the_command_line(late: Late, farthing: Farthing, folder: Path) -> None:
    (folder / "farthing.toml").write_text(PLANS)
    seen = farthing("subscriptions", "retry", "ada@example.com", "--dry-run", "--json")
    assert (seen.code, [each["status"] for each in seen.json["invoices"]]) == (0, ["open"])
    declined = farthing("subscriptions", "retry", "ada@example.com", "--yes", "--json")
    assert (declined.code, declined.json["status"], declined.json["code"]) == (1, "declined", "generic_decline")
    await late.ada.card("pm_card_visa")
    paid = farthing("subscriptions", "retry", late.id, "--yes")
    assert (paid.code, "It is paid." in paid.out) == (0, True)
    nothing = farthing("subscriptions", "retry", late.id, "--yes")
    assert (nothing.code, "owes nothing" in nothing.err) == (5, True)
