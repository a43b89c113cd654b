"""What is written to those who run the shop: plain words, in the language of the admin."""

from farthing import events
from farthing.emails import store
from farthing.emails.words import Letter
from farthing.lifecycles import EmailStatus
from farthing.world import World


async def send_to_staff(world: World, *, key: str, kind: str, recipient: str, letter: Letter) -> None:
    """Once for each key: sent while it waits; a crash in between sends it again, with the same Message-ID."""
    async with world.db.transaction("worker") as tx:
        email = await store.write(tx, key=key, kind=kind, order=None, recipient=recipient, locale="en", letter=letter)
    if email.status == EmailStatus.SENT:
        return
    await world.mailer.send(key=key, recipient=recipient, subject=email.subject, text=email.text, html=email.html)
    async with world.db.transaction("worker") as tx:
        if await store.mark_sent(tx, email):
            await events.record(tx, "email.sent", order=None, email=email.id, kind=kind)
