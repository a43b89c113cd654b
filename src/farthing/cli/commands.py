"""All commands: where each stands on the command line, what it is for, and which function it is.

The functions are imported when they are called, so that `farthing --help` does not wait for what it only names.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from cyclopts import App, Parameter

from farthing.cli import options

GROUPS: Final = {
    "sandbox": "A Stripe of your own on this machine: serve one, or tell the one that runs what to do.",
    "clock": "The sandbox's time: look, look ahead, move it on.",
    "db": "The database: its schema, its address, a shell.",
    "catalog": "What is for sale: compare farthing.toml with the provider, and bring it up to date.",
    "coupons": "Coupons and promotion codes: look, make, end.",
    "orders": "Orders: look, refund, cancel, ask the provider.",
    "customers": "Customers: look, push to the provider, take over existing users, forget.",
    "returns": "What comes back: look, decide, take in.",
    "refunds": "Refunds: look, preview, give back by line; requests and who approves them.",
    "job-postings": "Jobs on the board: look, approve, reject.",
    "stock": "What can run out: look, receive, count, move.",
    "credits": "Credits of customers: look, grant, spend.",
    "metrics": "Figures: MRR and its movements, churn, cohorts, conversion, failing payments.",
    "subscriptions": "Subscriptions: look, end one, let it go on, ask the provider.",
    "invoices": "Tax invoices and credit notes: look, print as PDF.",
    "disputes": "Disputes: look, write evidence, submit it, or accept.",
    "sellers": "Sellers: look, send one to onboarding, suspend, reject, ask the provider.",
    "payouts": "Payouts to sellers' banks: look, run, try again, state, hold and let go.",
    "seller-orders": "What each seller sends: look, send, buy a label, follow a parcel, print the slip.",
    "payments": "Payments: look, capture or void what is authorized, ask the provider.",
    "webhooks": "The door at which the provider delivers.",
    "events": "What the provider told us: look, and act on it again.",
    "emails": "Emails to buyers: see them in every language, and copy their words to change them.",
    "discrepancies": "Differences from the provider: look, and accept one.",
    "jobs": "Background jobs: how many, which are dead, run one again.",
    "keys": "API keys of your own servers.",
    "users": "Staff who may sign in to the admin.",
    "config": "Settings: which are in force, and where each comes from.",
}

COMMANDS: Final = {
    "dev": ("dev.command:dev", "The whole house on this machine: database, sandbox, API, worker and shop."),
    "demo": ("demo.command:demo", "Buy, decline, confirm, abandon and refund by script; print what happened and the books."),
    "serve": ("serve:serve", "Serve the API, the webhook door and the pages."),
    "worker": ("worker:worker", "Run jobs and sweeps, and nothing else."),
    "sandbox": ("sandbox:sandbox", "A Stripe of your own on this machine, by itself."),
    "sandbox reset": ("sandbox_state:reset", "Forget everything in the sandbox."),
    "sandbox snapshot": ("sandbox_state:snapshot", "Keep the sandbox's whole state, under a name or in a file."),
    "sandbox restore": ("sandbox_state:restore", "Bring a snapshot back."),
    "sandbox fail-next": ("sandbox_orders:fail_next", "Let the next requests of a route fail."),
    "sandbox mischief": ("sandbox_orders:mischief", "Let the next webhooks come twice, late, spoiled or not at all."),
    "sandbox pay": ("sandbox_orders:pay", "Pay a checkout session without a browser."),
    "trigger": ("trigger:trigger", "Make an event happen in the sandbox, by really doing what causes it."),
    "listen": ("listen:listen", "Show the sandbox's webhooks as they come, and forward them."),
    "clock show": ("clock:show_", "Show where the sandbox's clock stands."),
    "clock advance": ("clock:advance", "Move the sandbox's clock on; what falls due happens."),
    "clock set": ("clock:set_", "Move the sandbox's clock on to a moment."),
    "clock preview": ("clock:preview", "Show what an advance would cause, in its order."),
    "why": ("why:why", "All that happened to an order, a subscription or a seller, and who did it."),
    "logs": ("audit:logs", "What happened lately, to everything, and who did it."),
    "types": ("types:types", "Write the catalog as typed constants for Python and TypeScript."),
    "openapi": ("openapi:openapi", "Print the OpenAPI document of the REST interface, for typed clients."),
    "invariants": ("invariants:invariants", "Check what must always be true of the whole database."),
    "setup": ("setup:setup", "Schema, catalog and a check of both: all that a new installation needs."),
    "doctor": ("doctor.command:doctor", "Check the installation, and say how to repair what is wrong."),
    "help": ("help:help_", "This list, the help of a command, or a topic: exit-codes."),
    "db upgrade": ("db:upgrade", "Bring the schema up to this version of Farthing."),
    "db downgrade": ("db:downgrade", "Bring the schema down to an earlier version."),
    "db status": ("db:status", "Which version the schema is at, and which this code needs."),
    "db shell": ("db:shell", "Open psql on the database."),
    "db url": ("db:url", "Print the address of the database."),
    "catalog plan": ("catalog:plan", "Show what `catalog apply` would do."),
    "catalog apply": ("catalog:apply", "Make the provider sell what farthing.toml says."),
    "catalog list": ("catalog:list_", "What farthing.toml says is for sale."),
    "catalog validate": ("catalog:validate", "Check farthing.toml, and name the line of everything that is wrong."),
    "catalog schema": ("catalog:schema", "Print the JSON Schema of farthing.toml."),
    "coupons list": ("coupons:list_", "List coupons, and how often they were used."),
    "coupons create": ("coupons:create", "Make a coupon at run time."),
    "coupons codes": ("coupons:codes", "List the promotion codes of a coupon, or make new ones."),
    "coupons deactivate": ("coupons:deactivate", "End a coupon or a promotion code."),
    "orders list": ("orders:list_", "List orders, newest first."),
    "orders show": ("orders:show_", "Show an order: its lines, payments and refunds."),
    "orders refund": ("orders:refund", "Give back a part of what was paid, or all that is left of it."),
    "orders cancel": ("orders:cancel", "Cancel an order that is not paid, or of which nothing was sent."),
    "orders sync": ("orders:sync", "Ask the provider how an order stands, and record it."),
    "customers list": ("customers:list_", "List customers, newest first."),
    "customers show": ("customers:show_", "Show a customer: who they are at the provider, methods, orders."),
    "customers push": ("customers:push", "Bring the provider up to what we know of a customer."),
    "customers backfill": ("customers:backfill", "Make customers of your existing users, from a file."),
    "customers erase": ("customers:erase", "Forget a person, here and at the provider."),
    "refunds list": ("refunds:list_", "List refunds, or requests for them, newest first."),
    "refunds show": ("refunds:show_", "Show a refund with its lines, or a request."),
    "refunds preview": ("refunds:preview", "Show who would bear what of a refund. Changes nothing."),
    "refunds create": ("refunds:create", "Give back an amount, some lines, or all that is left."),
    "refunds request": ("refunds:request", "Ask for a refund that another person approves."),
    "refunds approve": ("refunds:approve", "Approve a refund request."),
    "refunds decline": ("refunds:decline", "Decline a refund request."),
    "refunds retry": ("refunds:retry", "Try a refund that failed again."),
    "refunds cancel": ("refunds:cancel", "Call off a refund that was not sent yet."),
    "job-postings list": ("job_postings:list_", "List job postings, newest first."),
    "job-postings approve": ("job_postings:approve", "Publish a job that waits for approval."),
    "job-postings reject": ("job_postings:reject", "Refuse a job that waits for approval."),
    "stock list": ("stock:list_", "List what is counted, and how much there is."),
    "stock show": ("stock:show_", "Where something lies, and what came and went."),
    "stock set": ("stock:set_", "Count something from now on; what is done when it runs out."),
    "stock receive": ("stock:receive", "So many have come."),
    "stock count": ("stock:count", "So many lie there: somebody counted."),
    "stock lose": ("stock:lose", "So many are broken or gone."),
    "stock move": ("stock:move", "So many are carried elsewhere."),
    "stock locations": ("stock:locations", "List where stock lies, or make one more place."),
    "credits show": ("credits:show_", "How many credits a customer can spend, and what became of the others."),
    "credits grant": ("credits:grant", "Give a customer credits that nobody paid for."),
    "credits spend": ("credits:spend", "Spend credits of a customer."),
    "invoices list": ("invoices:list_", "List tax invoices and credit notes."),
    "invoices show": ("invoices:show_", "Show a tax invoice or credit note."),
    "invoices pdf": ("invoices:pdf", "Write one as PDF."),
    "subscriptions list": ("subscriptions:list_", "List subscriptions, newest first."),
    "subscriptions show": ("subscriptions:show_", "Show a subscription and its invoices."),
    "subscriptions cancel": ("subscriptions:cancel", "End a subscription with its period, or now."),
    "subscriptions change-plan": (
        "subscription_changes:change_plan",
        "Change plan, price or quantity, as quoted.",
    ),
    "subscriptions drop-change": ("subscription_changes:drop_change", "Call off the change that is planned."),
    "subscriptions pause": ("subscription_changes:pause", "Ask for no money until it is resumed."),
    "subscriptions resume": ("subscriptions:resume", "Let a subscription that was to end, or is paused, go on."),
    "subscriptions retry": ("subscriptions:retry", "Try now to collect what a subscription owes."),
    "subscriptions sync": ("subscriptions:sync", "Ask the provider how a subscription stands, and record it."),
    "metrics mrr": ("metrics:mrr", "Monthly recurring revenue at the end of a day."),
    "metrics movements": ("metrics:movements", "How MRR moved each month, and why."),
    "metrics churn": ("metrics:churn", "Customer churn, revenue churn, net revenue retention, ARPU."),
    "metrics cohorts": ("metrics:cohorts", "Who still pays, by the month of their first payment."),
    "metrics conversion": ("metrics:conversion", "Checkouts of each plan that were started, and paid."),
    "metrics failed-payments": ("metrics:failed_payments", "Payments that failed, by reason, and those that came after all."),
    "metrics check": ("metrics:check", "Compare the kept sums with the facts, or derive them anew."),
    "sellers list": ("sellers:list_", "List sellers, newest first."),
    "sellers show": ("sellers:show_", "Show a seller: their account, and what is asked of them."),
    "sellers onboard": ("sellers:onboard", "Print an onboarding link."),
    "sellers sync": ("sellers:sync", "Ask the provider how a seller's account stands, and record it."),
    "sellers suspend": ("sellers:suspend", "Stop a seller from selling and from being paid."),
    "sellers reinstate": ("sellers:reinstate", "Let a suspended seller go on."),
    "sellers reject": ("sellers:reject", "Have nothing to do with a seller any more."),
    "payouts list": ("payouts:list_", "List payouts to sellers' banks, newest first."),
    "payouts show": ("payouts:show_", "Show a payout: how it stands, and why it failed."),
    "payouts run": ("payouts:run", "Send to sellers' banks all that can go."),
    "payouts retry": ("payouts:retry", "Send what a bank did not take once more."),
    "payouts statement": ("payouts:statement", "Show what a payout is made of, or write it as PDF or CSV."),
    "payouts hold": ("payouts:hold", "Keep what a seller earned where it is."),
    "payouts release": ("payouts:release", "Let go what somebody held."),
    "seller-orders list": ("seller_orders:list_", "List sellers' parts of orders, or parcels in trouble."),
    "seller-orders show": ("seller_orders:show_", "Show one: its lines, parcels and labels."),
    "seller-orders ship": ("seller_orders:ship", "Say that a parcel left."),
    "seller-orders rates": ("seller_orders:rates", "Show what services ask for a parcel."),
    "seller-orders label": ("seller_orders:label", "Buy a label: its parcel leaves."),
    "seller-orders track": ("seller_orders:track", "Ask the carriers where its parcels are."),
    "seller-orders settle": ("seller_orders:settle", "Decide about a parcel that was lost or came back."),
    "seller-orders cancel": ("returns:cancel", "Call off what is not sent, and give its price back."),
    "returns list": ("returns:list_", "List returns, newest first."),
    "returns show": ("returns:show_", "Show a return: what comes back, and what became of it."),
    "returns approve": ("returns:approve", "Say that something may be sent back."),
    "returns decline": ("returns:decline", "Say that something is not taken back, and why."),
    "returns receive": ("returns:receive", "Take in what came: on the shelf, or of no use."),
    "returns refund": ("returns:refund", "Pay back what came and was not paid back yet."),
    "seller-orders slip": ("seller_orders:slip", "Write the paper that lies in a parcel."),
    "disputes list": ("disputes:list_", "List disputes, newest first."),
    "disputes show": ("disputes:show_", "Show a dispute: its money, its deadline and what was answered."),
    "disputes evidence": ("disputes:evidence", "Show the evidence that would be submitted, and edit it."),
    "disputes submit": ("disputes:submit", "Give the bank our evidence, once and for all."),
    "disputes accept": ("disputes:accept", "Tell the bank that the buyer is right."),
    "disputes sync": ("disputes:sync", "Ask the provider how a dispute stands, and record it."),
    "payments list": ("payments:list_", "List payments, newest first."),
    "payments show": ("payments:show_", "Show a payment."),
    "payments capture": ("payments:capture", "Take what is authorized, or less of it."),
    "payments void": ("payments:void", "Let go of what is authorized."),
    "payments sync": ("payments:sync", "Ask the provider how a payment stands, and record it."),
    "webhooks test": ("webhooks:test", "Knock at the webhook door as Stripe would, and as a forger would."),
    "events list": ("events:list_", "List what the provider told us, newest first."),
    "events show": ("events:show_", "Show an event of the provider, with its body."),
    "events replay": ("events:replay", "Act on stored events once more."),
    "emails list": ("emails:list_", "The emails there are, and their languages."),
    "emails preview": ("emails:preview", "Print an example of an email as a buyer would get it."),
    "emails copy": ("emails:copy", "Copy the words of all emails into a folder, to change them there."),
    "events sweep": ("events:sweep", "Store what the provider told and we never heard."),
    "reconcile": ("reconcile:reconcile", "Compare our rows with the provider's, field by field."),
    "discrepancies list": ("reconcile:list_", "List differences from the provider, newest first."),
    "discrepancies accept": ("reconcile:accept", "Live with a difference from the provider."),
    "jobs list": ("jobs:list_", "How many jobs wait, run, are delayed or dead."),
    "jobs dead": ("jobs:dead", "List the jobs that failed for good."),
    "jobs retry": ("jobs:retry", "Run a dead job again."),
    "keys create": ("keys:create", "Make an API key. Its secret is shown once."),
    "keys list": ("keys:list_", "List API keys, newest first."),
    "keys revoke": ("keys:revoke", "Let an API key open nothing any more."),
    "users create": ("users:create", "Let somebody sign in to the admin."),
    "config show": ("config:show_", "Show every setting and its source, secrets masked."),
}


def call(words: Sequence[str]) -> int:
    """Run the command that the words name; its exit code."""
    result = build(words)(list(words), exit_on_error=False, print_error=False, result_action="return_value", backend="asyncio")
    return result if isinstance(result, int) else 0


def build(words: Sequence[str] = (), *, epilogue: str = options.HELP) -> App:
    """The tree. A command's own page is its docstring; where it is only listed, one line stands for it."""
    app = _app("farthing", "Payments, orders and books for Python, on Stripe. Start with `farthing dev`.", epilogue)
    groups = {name: _app(name, text, epilogue) for name, text in GROUPS.items()}
    for name, (place, line) in COMMANDS.items():
        path = name.split()
        if name in GROUPS:
            _stands_alone(groups[name], place, asked=list(words[:1]) == path)
            continue
        parent = app if len(path) == 1 else groups[path[0]]
        asked = list(words[: len(path)]) == path
        parent.command(f"farthing.cli.{place}", name=path[-1], help=None if asked else line)
    for group in groups.values():
        app.command(group)
    return app


def _stands_alone(group: App, place: str, *, asked: bool) -> None:
    """A group that is a command as well, where no word of it follows. Its page shows both."""
    if asked:
        module, _, function = place.partition(":")
        group.default(getattr(import_module(f"farthing.cli.{module}"), function))
        group.help = None


def _app(name: str, text: str, epilogue: str) -> App:
    return App(
        name=name,
        help=text,
        help_flags=["--help", "-h"],
        version_flags=[],
        default_parameter=Parameter(negative=()),
        help_format="markdown",
        help_epilogue=epilogue,
        suppress_keyboard_interrupt=False,
    )
