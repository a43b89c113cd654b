"""Jobs: how the queue is doing, and the dead ones, which wait for a person."""

from starlette.requests import Request
from starlette.responses import Response

from farthing import jobs
from farthing.errors import Conflict, NotFound
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import form_of, reading, world_of

REASON_MAX = 300
ID_MAX = 2**63 - 1


async def overview(request: Request) -> Response:
    async with reading(request) as tx:
        counts, dead = await jobs.counts(tx), await jobs.dead(tx)
    return render(request, "admin/jobs.html", counts=counts, dead=dead)


async def retry(request: Request) -> Response:
    id = _id(request)
    try:
        await world_of(request).db.run(staff_of(request).actor, lambda tx: jobs.retry(tx, id))
    except (NotFound, Conflict) as error:
        return redirect(request, "admin_jobs", flash=("warning", error.detail))
    return redirect(request, "admin_jobs", flash=("success", f"Job {id} runs again."))


async def ask_discard(request: Request) -> Response:
    id = _id(request)
    async with reading(request) as tx:
        job = next((job for job in await jobs.dead(tx) if job.id == id), None)
    if job is None:
        return redirect(request, "admin_jobs", flash=("warning", f"Job {id} is not among the dead."))
    return render(request, "admin/discard_confirm.html", job=job)


async def discard(request: Request) -> Response:
    id = _id(request)
    reason = (await form_of(request)).get("reason", "")[:REASON_MAX]
    if not reason:
        return redirect(request, "admin_jobs", flash=("danger", "Say why the job is thrown away. It is still there."))
    try:
        await world_of(request).db.run(staff_of(request).actor, lambda tx: jobs.discard(tx, id, reason))
    except (NotFound, Conflict) as error:
        return redirect(request, "admin_jobs", flash=("warning", error.detail))
    return redirect(request, "admin_jobs", flash=("success", f"Job {id} is discarded."))


def _id(request: Request) -> int:
    typed: str = request.path_params["id"]
    if not typed.isascii() or not typed.isdigit() or len(typed) > len(str(ID_MAX)) or int(typed) > ID_MAX:
        raise NotFound(f"There is no job {typed[:20]!r}.")
    return int(typed)
