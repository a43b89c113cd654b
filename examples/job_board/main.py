"""A job board: post a job with add-ons, pay, and find it on the board; refunded, it is off the board again.

cd examples/job_board && farthing dev main:app
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field

from farthing import CartItem, CustomerIdentity, Event, Farthing, Invalid
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.errors import FarthingError
from farthing.events import EventName
from farthing.ids import CustomerId
from farthing.orders import LineItem, NewLine, Order

TABLES: Final = """
    CREATE SCHEMA IF NOT EXISTS job_board;
    CREATE TABLE IF NOT EXISTS job_board.jobs (
        id uuid PRIMARY KEY, owner text NOT NULL, title text NOT NULL, company text NOT NULL,
        status text NOT NULL DEFAULT 'draft', addons text[] NOT NULL DEFAULT '{}',
        published_at timestamptz, expires_at timestamptz
    );
    CREATE TABLE IF NOT EXISTS job_board.featured (line text PRIMARY KEY, company text NOT NULL, until timestamptz NOT NULL);
"""
EDITOR: Final = "editor"


class FeaturedDays(BaseModel):
    """What farthing.toml says of a product of the kind below."""

    days: int = Field(ge=1, le=365)


class FeaturedCompany:
    """A kind of product of our own: while it is paid, the company stands at the head of the board."""

    options = FeaturedDays

    async def check(self, tx: Transaction, customer: CustomerId, line: NewLine) -> NewLine:
        if not line.metadata.get("company", "").strip():
            raise Invalid("Say which company to feature.")
        return line

    async def grant(self, tx: Transaction, order: Order, line: LineItem) -> None:
        until = tx.now + timedelta(days=line.details["days"])
        row = {"line": str(line.id), "company": line.metadata["company"], "until": until}
        insert = "INSERT INTO job_board.featured VALUES (%(line)s, %(company)s, %(until)s) ON CONFLICT DO NOTHING"
        await tx.connection.execute(insert, row)

    async def revoke(self, tx: Transaction, order: Order, line: LineItem) -> None:
        await tx.connection.execute("DELETE FROM job_board.featured WHERE line = %s", (str(line.id),))

    async def restore(self, tx: Transaction, order: Order, line: LineItem) -> None:
        await self.grant(tx, order, line)


async def signed_in(request: Request) -> CustomerIdentity | None:
    """Who a request is from. Yours would look into your own session; this board believes a cookie."""
    user = request.cookies.get("user")
    return CustomerIdentity(user, email=f"{user}@example.com") if user else None


async def is_theirs(tx: Transaction, customer: Customer, job: str) -> bool:
    """Farthing asks before it sells a posting: only whoever wrote the job may buy for it."""
    mine = "SELECT FROM job_board.jobs WHERE id::text = %s AND owner = %s"
    return (await tx.connection.execute(mine, (job, customer.external_id))).rowcount == 1


pay = Farthing(authenticate=signed_in, jobs=is_theirs, kinds={"featured_company_profile": FeaturedCompany()})
pages = Jinja2Templates(Path(__file__).with_name("templates"))


@asynccontextmanager
async def tables(app: FastAPI) -> AsyncIterator[None]:
    """Tables of our own in a schema of our own, in the same database: you have migrations for them."""
    await run(TABLES)
    yield


async def run(sql: Any, *values: object) -> list[Any]:
    async with pay.world.db.connection() as connection:
        cursor = await connection.execute(sql, values or None)
        return await cursor.fetchall() if cursor.description else []


app = FastAPI(lifespan=pay.lifespan(inner=tables))


async def employer(request: Request) -> CustomerIdentity:
    if (found := await signed_in(request)) is None:
        raise HTTPException(401, "Say hello first: /hello?user=ada")
    return found


async def editor(request: Request) -> None:
    if (await employer(request)).external_id != EDITOR:
        raise HTTPException(403, f"Only the editor decides: /hello?user={EDITOR}")


Employer = Annotated[CustomerIdentity, Depends(employer)]


@app.exception_handler(FarthingError)
async def refused(request: Request, error: Exception) -> Response:
    """What Farthing refuses it says in a sentence, such as a decision on a job that waits for none."""
    del request
    assert isinstance(error, FarthingError)
    return PlainTextResponse(error.detail, error.status)


@app.get("/hello")
async def hello(user: str) -> RedirectResponse:
    answer = RedirectResponse("/", 303)
    answer.set_cookie("user", user, httponly=True, samesite="lax")
    return answer


@app.get("/")
async def board(request: Request) -> Response:
    jobs = """SELECT * FROM job_board.jobs WHERE status = 'published' AND expires_at > now()
        ORDER BY 'priority-listing' = ANY (addons) DESC, published_at DESC"""
    featured = await run("SELECT DISTINCT company FROM job_board.featured WHERE until > now()")
    own = await run("SELECT * FROM job_board.jobs WHERE owner = %s ORDER BY title", request.cookies.get("user"))
    return pages.TemplateResponse(request, "board.html", {"jobs": await run(jobs), "featured": featured, "own": own})


@app.get("/post-a-job")
async def form(request: Request, employer: Employer) -> Response:
    return filled(request, {"job": uuid4()})


def filled(request: Request, wanted: dict[str, Any], error: FarthingError | None = None) -> Response:
    """The form, with what was wrong with it. Bases and add-ons are those of farthing.toml."""
    products = pay.products()
    sold = {"bases": [p for p in products if p.kind == "job_posting"], "addons": [p for p in products if p.addon_of]}
    return pages.TemplateResponse(request, "post.html", {**sold, **wanted, "error": error}, error.status if error else 200)


@app.post("/post-a-job")
async def post_a_job(
    request: Request,
    employer: Employer,
    job: Annotated[UUID, Form()],
    title: Annotated[str, Form(max_length=200)] = "",
    company: Annotated[str, Form(max_length=200)] = "",
    base: Annotated[str, Form()] = "job-posting",
    addons: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Keep the draft, place the order, send the buyer to pay. Sent twice, the same form is the same order."""
    try:
        if not all(text.strip() and text.isprintable() for text in (title, company)):
            raise Invalid("Give the job a title and a company.")
        draft = """INSERT INTO job_board.jobs AS mine VALUES (%s, %s, %s, %s)
            ON CONFLICT (id) DO UPDATE SET title = excluded.title, company = excluded.company
            WHERE mine.owner = excluded.owner AND mine.status = 'draft'"""
        await run(draft, job, employer.external_id, title.strip(), company.strip())
        started = await pay.checkout(
            [CartItem(key, metadata={"job": str(job)}) for key in (base, *addons)],
            customer=employer.external_id,
            email=employer.email,
            metadata={"job": str(job)},
            success_url=f"{pay.settings.base_url}/?order={{ORDER_ID}}",
            cancel_url=f"{pay.settings.base_url}/post-a-job",
            idempotency_key=f"{job} {' '.join([base, *sorted(addons)])}",
        )
    except FarthingError as error:
        return filled(request, {"job": job, "title": title, "company": company, "base": base, "chosen": addons}, error)
    return RedirectResponse(started.url, 303)


@app.post("/feature")
async def feature(employer: Employer, company: Annotated[str, Form()]) -> RedirectResponse:
    cart, home = [CartItem("featured-company-profile", metadata={"company": company})], f"{pay.settings.base_url}/"
    started = await pay.checkout(cart, customer=employer.external_id, email=employer.email, success_url=home, cancel_url=home)
    return RedirectResponse(started.url, 303)


@app.get("/desk", dependencies=[Depends(editor)])
async def desk(request: Request) -> Response:
    waiting = await run("SELECT * FROM job_board.jobs WHERE status = 'pending_approval' ORDER BY title")
    return pages.TemplateResponse(request, "desk.html", {"jobs": waiting})


@app.post("/desk/{job}/{answer}", dependencies=[Depends(editor)])
async def decide(job: UUID, answer: str) -> RedirectResponse:
    if answer == "approve":
        await pay.approve_job(str(job))
    else:
        await pay.reject_job(str(job), "It is no job.", refund=True)
    return RedirectResponse("/desk", 303)


async def keep(tx: Transaction, event: Event) -> None:
    """Our own row, in the transaction that took the money, gave it back, or let the time run out: both, or neither."""
    now = event.data | {"status": "draft" if event.data["status"] in ("unpublished", "rejected") else event.data["status"]}
    await tx.connection.execute(
        """UPDATE job_board.jobs SET status = %(status)s, addons = %(addons)s,
            published_at = %(published_at)s, expires_at = %(expires_at)s WHERE id = %(job)s""",
        now,
    )


CHANGES: Final[tuple[EventName, ...]] = (
    *("job.submitted", "job.published", "job.extended", "job.shortened", "job.rejected", "job.expired", "job.unpublished"),
    *("job.addon_added", "job.addon_removed"),
)
for change in CHANGES:
    pay.on(change, when="in_transaction")(keep)

# Last, for what is ours comes first: the webhook door, /v1, account and admin.
app.mount("/", pay.asgi)
