"""Health: every rule that must always hold, checked while you wait."""

from starlette.requests import Request
from starlette.responses import Response

from farthing import invariants, jobs, webhooks
from farthing.lifecycles import NoticeStatus
from farthing.web.page import render
from farthing.web.wiring import reading


async def overview(request: Request) -> Response:
    async with reading(request) as tx:
        broken = {violation.rule.name: violation for violation in await invariants.check_all(tx)}
        counts = await jobs.counts(tx)
        notices = await webhooks.counts(tx)
    return render(
        request,
        "admin/health.html",
        rules=invariants.RULES,
        broken=broken,
        jobs=counts,
        parked=notices.get(NoticeStatus.PARKED, 0),
        waiting=notices.get(NoticeStatus.RECEIVED, 0),
    )
