"""Every page of the admin: its place in the menu, its address, and who may open it."""

from typing import Final

from starlette.routing import Route

from farthing.web.admin import (
    audit,
    books,
    coupons,
    customers,
    health,
    inbox,
    jobs,
    order,
    order_actions,
    order_list,
    products,
)
from farthing.web.frame import Section
from farthing.web.staff import Page, Permission, for_staff

SECTIONS: Final = (
    Section("Orders", "receipt-text", "admin_orders"),
    Section("Customers", "users", "admin_customers"),
    Section("Products", "package", "admin_products", "Catalog"),
    Section("Coupons", "tag", "admin_coupons", "Catalog"),
    Section("Provider events", "webhook", "admin_inbox", "Developers"),
    Section("Jobs", "list-checks", "admin_jobs", "Developers"),
    Section("Health", "shield-check", "admin_health", "Developers"),
    Section("Ledger", "book-open", "admin_ledger", "Finance"),
    Section("Audit trail", "scale", "admin_audit", "Finance"),
)


def _look(path: str, page: Page, name: str) -> Route:
    return Route(path, for_staff(page), name=name, methods=["GET"])


def _act(path: str, page: Page, name: str, method: str = "POST", permission: Permission = "act") -> Route:
    return Route(path, for_staff(page, permission), name=name, methods=[method])


ROUTES: Final = (
    _look("/admin", order_list.start, "admin"),
    _look("/admin/", order_list.start, "admin_with_slash"),
    _look("/admin/orders", order_list.order_list, "admin_orders"),
    _look("/admin/orders/{id}", order.order_detail, "admin_order"),
    _act("/admin/orders/{id}/refund", order_actions.ask_refund, "admin_refund", "GET"),
    _act("/admin/orders/{id}/refund", order_actions.refund, "admin_send_refund"),
    _act("/admin/orders/{id}/cancellation", order_actions.ask_cancel, "admin_ask_cancel", "GET"),
    _act("/admin/orders/{id}/cancellation", order_actions.cancel, "admin_cancel"),
    _act("/admin/orders/{id}/sync", order_actions.sync, "admin_sync"),
    _look("/admin/customers", customers.customer_list, "admin_customers"),
    _look("/admin/customers/{id}", customers.customer_detail, "admin_customer"),
    _look("/admin/products", products.product_list, "admin_products"),
    _look("/admin/products/plan", products.ask_apply, "admin_catalog_plan"),
    _act("/admin/products/apply", products.apply, "admin_catalog_apply"),
    _look("/admin/coupons", coupons.coupon_list, "admin_coupons"),
    _act("/admin/coupons/new", coupons.new_coupon, "admin_coupon_new", "GET"),
    _act("/admin/coupons/new", coupons.create, "admin_coupon_create"),
    _look("/admin/coupons/{key}", coupons.coupon_detail, "admin_coupon"),
    _act("/admin/coupons/{key}/codes", coupons.create_code, "admin_code_create"),
    _act("/admin/coupons/{key}/end", coupons.deactivate, "admin_coupon_end"),
    _look("/admin/events", inbox.notice_list, "admin_inbox"),
    _act("/admin/events/replay", inbox.ask_replay, "admin_ask_replay", "GET"),
    _act("/admin/events/replay", inbox.replay_many, "admin_replay_many"),
    _look("/admin/events/{id}", inbox.notice_detail, "admin_notice"),
    _act("/admin/events/{id}/replay", inbox.replay_one, "admin_replay"),
    _look("/admin/jobs", jobs.overview, "admin_jobs"),
    _act("/admin/jobs/{id}/retry", jobs.retry, "admin_job_retry"),
    _act("/admin/jobs/{id}/discard", jobs.ask_discard, "admin_job_ask_discard", "GET"),
    _act("/admin/jobs/{id}/discard", jobs.discard, "admin_job_discard"),
    _look("/admin/health", health.overview, "admin_health"),
    _look("/admin/ledger", books.overview, "admin_ledger"),
    _look("/admin/audit", audit.trail, "admin_audit"),
    _look("/admin/audit/{id}", audit.entry, "admin_event"),
)
