"""What a charge means for two accounts: who gets it, what the platform keeps, and what a refund takes back from whom."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, not_here_yet
from farthing.sandbox.resources import accounts, application_fees, balance, capabilities, transfer_reversals, transfers
from farthing.sandbox.store import Json, Record

NO_FEE_HERE = (
    "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or "
    "Stripe-Account header) or destination payment (using `transfer_data[destination]`)."
)
CANNOT_CHARGE = (
    "Your account cannot currently make live charges. If you are a customer trying to make a purchase, please contact the "
    "owner of this site. Your transaction has not been processed."
)


def check(account: Account, params: Json, amount: int, *, inside: str = "") -> None:
    """The Connect parameters of a payment intent, or of what a checkout session says `inside` it about its intent."""
    platform, wanted = account.platform(), params.get("transfer_data") or {}
    if platform and not platform.get("account", account.id)["charges_enabled"]:
        raise invalid(CANNOT_CHARGE)
    if "destination" in wanted:
        transfers.recipient(account, wanted["destination"], param=_in(inside, "transfer_data", "destination"))
    if params.get("on_behalf_of"):
        _check_merchant(account, params["on_behalf_of"], _in(inside, "on_behalf_of"))
    fee = params.get("application_fee_amount")
    if fee and not (platform or wanted):
        raise invalid(NO_FEE_HERE, param=_in(inside, "application_fee_amount"))
    if fee and "amount" in wanted:
        raise exclusive_parameters(_in(inside, "application_fee_amount"), _in(inside, "transfer_data", "amount"))
    check_parts(params, amount, inside=inside)


def _in(*names: str) -> str:
    """`payment_intent_data[transfer_data][amount]`"""
    first, *rest = (name for name in names if name)
    return first + "".join(f"[{name}]" for name in rest)


def _check_merchant(account: Account, id: str, param: str) -> None:
    if accounts.connected(account, id, param=param)["capabilities"].get("card_payments") != "active":
        raise invalid(
            f"The account referenced in the 'on_behalf_of' parameter is missing the required capabilities: card_payments "
            f"({id}).",
            param=param,
        )


def check_parts(params: Json, amount: int, *, inside: str = "") -> None:
    given = (
        (_in(inside, "application_fee_amount"), params.get("application_fee_amount")),
        (_in(inside, "transfer_data", "amount"), (params.get("transfer_data") or {}).get("amount")),
    )
    for name, part in given:
        if isinstance(part, int) and part < 0:
            raise malformed("This value must be greater than or equal to 0.", param=name, code="parameter_invalid_integer")
        if isinstance(part, int) and part > amount:
            raise invalid(f"The {name} ({part}) cannot be larger than the amount of the payment ({amount}).", param=name)


def terms(account: Account, params: Json, id: str) -> Json:
    """The same as fields of the payment intent with this id."""
    wanted, platform = params.get("transfer_data"), account.platform()
    fields: Json = {
        "application": balance.application_of(platform) if platform else None,
        "application_fee_amount": params.get("application_fee_amount") or None,
        "on_behalf_of": params.get("on_behalf_of") or None,
        "transfer_data": {"amount": wanted.get("amount"), "destination": wanted["destination"]} if wanted else None,
    }
    return fields | ({"transfer_group": params.get("transfer_group") or f"group_{id}"} if wanted else {})


def change(account: Account, intent: Record, params: Json, amount: int) -> None:
    """The parts may change until the money moves; who receives it may not."""
    fee, part = params.get("application_fee_amount"), (params.get("transfer_data") or {}).get("amount")
    if fee and not (intent["transfer_data"] or account.platform()):
        raise invalid(NO_FEE_HERE, param="application_fee_amount")
    if part is not None and not intent["transfer_data"]:
        raise invalid("This PaymentIntent has no transfer_data[destination].", param="transfer_data[amount]")
    check_parts(params, amount)
    if "application_fee_amount" in params:
        intent["application_fee_amount"] = fee or None
    if part is not None:
        intent["transfer_data"] = {**intent["transfer_data"], "amount": part}
    if intent["application_fee_amount"] and (intent["transfer_data"] or {}).get("amount") is not None:
        raise exclusive_parameters("application_fee_amount", "transfer_data[amount]")


def check_debit(account: Account, intent: Record, kind: str) -> None:
    """Whoever is the merchant of a payment from a bank account must have asked to be allowed that."""
    platform = account.platform()
    if platform:
        merchant = platform.get("account", account.id)
    elif intent["on_behalf_of"]:
        merchant = account.get("account", intent["on_behalf_of"])
    else:
        return
    if merchant["capabilities"].get(capabilities.DEBITS[kind]) != "active":
        raise invalid(
            f'The payment method type "{kind}" is invalid. Please ensure the provided type is activated in your dashboard '
            "(https://dashboard.stripe.com/account/payments/settings) and your account is enabled for any preview features "
            "that you are trying to use.",
            param="payment_method",
        )


def trigger(account: Account, charge: Record, what: str) -> None:
    """A trigger card was charged on a seller's account, or on behalf of one."""
    platform = account.platform()
    if platform:
        accounts.trigger(platform, platform.get("account", account.id), what)
    elif charge["on_behalf_of"]:
        accounts.trigger(account, account.get("account", charge["on_behalf_of"]), what)


# When the charge's money moves


def book(account: Account, charge: Record, kind: str, stripe_fee: int, ready: int | None) -> Json:
    """Every movement a captured charge makes, on both accounts; answers the charge's new fields."""
    amount = charge["amount_captured"]
    platform, kept = account.platform(), min(charge["application_fee_amount"] or 0, amount)
    platform_pays = platform is not None and _fees_payer(platform, account.id) == "application"
    booked = balance.book(
        account,
        kind,
        charge,
        amount,
        fee=0 if platform_pays else stripe_fee,
        application_fee=kept if platform else 0,
        available_on=ready,
    )
    fields: Json = {"balance_transaction": booked.id}
    if platform and platform_pays:
        balance.book(
            platform, "stripe_fee", charge, -stripe_fee, available_on=balance.at_the_same_distance(account, platform, ready)
        )
    if platform and kept:
        fee = application_fees.collect(platform, account.id, charge, kept)
        application_fees.earn(platform, fee, available_on=balance.at_the_same_distance(account, platform, ready))
        platform.emit("application_fee.created", fee)
        fields["application_fee"] = fee.id
    if charge["transfer_data"]:
        fields |= _pass_on(account, charge, amount, kept, ready)
    return fields


def _fees_payer(platform: Account, seller: str) -> str:
    return str(platform.get("account", seller)["controller"]["fees"]["payer"])


def _pass_on(account: Account, charge: Record, amount: int, kept: int, ready: int | None) -> Json:
    """A destination charge: the transfer, then the fee that comes back out of it."""
    wanted = charge["transfer_data"]
    destination = account.get("account", wanted["destination"])
    fee = application_fees.collect(account, destination.id, charge, kept) if kept else None
    part = amount if wanted["amount"] is None else min(wanted["amount"], amount)
    transfer = transfers.move(
        account,
        destination,
        part,
        charge["currency"],
        source=charge,
        transfer_group=charge["transfer_group"],
        application_fee=fee,
        available_on=ready,
    )
    account.emit("transfer.created", transfer)
    if fee:
        payment = transfer["destination_payment"]
        source = {"charge": payment, "type": "charge"}
        application_fees.earn(
            account, fee, available_on=ready, charge=payment, fee_source=source, originating_transaction=charge.id
        )
        account.emit("application_fee.created", fee)
    return {"application_fee": fee.id if fee else None, "transfer": transfer.id}


# When it is refunded


def take_back(account: Account, charge: Record, refund: Record, params: Json) -> list[tuple[Account, str, Record]]:
    """Proportionally, and exactly the whole when all is refunded. Answers what is to be told, once the refund is."""
    if charge["source_transfer"]:
        raise not_here_yet("charge", "refunds of payments that came by transfer; reverse the transfer instead")
    news: list[tuple[Account, str, Record]] = []
    whole = charge["amount_captured"]
    part = charge["amount_refunded"] + refund["amount"] - (charge["amount"] - whole)
    if params.get("reverse_transfer"):
        transfer = account.get("transfer", _named(charge, "transfer"))
        amount = transfer_reversals.share(transfer, part, whole)
        if amount:
            reversal = transfer_reversals.take_back(account, transfer, amount, refund=refund)
            refund["transfer_reversal"] = reversal.id
            account.save(refund)
            news.append((account, "transfer.reversed", transfer))
    if params.get("refund_application_fee"):
        platform = account.platform() or account
        fee = platform.get("application_fee", _named(charge, "application_fee"))
        application_fees.give_back_share(platform, fee, part, whole)
        news.append((platform, "application_fee.refunded", fee))
    return news


def _named(charge: Record, what: str) -> str:
    if not charge[what]:
        words = {"transfer": ("reverse the transfer", "transfer"), "application_fee": ("refund the application fee", "fee")}
        verb, noun = words[what]
        raise invalid(
            f"Cannot {verb} of charge {charge.id}: it does not have an associated {noun}.",
            param="reverse_transfer" if what == "transfer" else "refund_application_fee",
        )
    return str(charge[what])
