"""Every page of the admin: its place in the menu, its address, and who may open it."""

from typing import Final

from starlette.routing import Route

from farthing.web.admin import (
    audit,
    books,
    coupons,
    customers,
    disputes,
    health,
    inbox,
    jobs,
    metrics,
    order,
    order_actions,
    order_list,
    order_refund,
    papers,
    payments,
    products,
    reconciliation,
    refund_requests,
    refunds,
    search_page,
    sellers,
    subscriptions,
)
from farthing.web.frame import Section
from farthing.web.staff import Page, Permission, for_staff

SECTIONS: Final = (
    Section("Orders", "receipt-text", "admin_orders"),
    Section("Payments", "credit-card", "admin_payments"),
    Section("Refunds", "undo-2", "admin_refunds"),
    Section("Subscriptions", "repeat", "admin_subscriptions"),
    Section("Disputes", "scale", "admin_disputes"),
    Section("Customers", "users", "admin_customers"),
    Section("Sellers", "store", "admin_sellers"),
    Section("Metrics", "chart-line", "admin_metrics"),
    Section("Products", "package", "admin_products", "Catalog"),
    Section("Coupons", "tag", "admin_coupons", "Catalog"),
    Section("Provider events", "webhook", "admin_inbox", "Developers"),
    Section("Jobs", "list-checks", "admin_jobs", "Developers"),
    Section("Health", "shield-check", "admin_health", "Developers"),
    Section("Ledger", "book-open", "admin_ledger", "Finance"),
    Section("Reconciliation", "landmark", "admin_reconciliation", "Finance"),
    Section("Audit trail", "file-text", "admin_audit", "Finance"),
)


def _look(path: str, page: Page, name: str) -> Route:
    return Route(path, for_staff(page, "look"), name=name, methods=["GET"])


def _ask(path: str, page: Page, name: str, permission: Permission) -> Route:
    """A form, or the question before something is done: for those who may do it."""
    return Route(path, for_staff(page, permission), name=name, methods=["GET"])


def _act(path: str, page: Page, name: str, permission: Permission) -> Route:
    return Route(path, for_staff(page, permission), name=name, methods=["POST"])


ROUTES: Final = (
    _look("/admin", order_list.start, "admin"),
    _look("/admin/", order_list.start, "admin_with_slash"),
    _look("/admin/orders", order_list.order_list, "admin_orders"),
    _look("/admin/orders/{id}", order.order_detail, "admin_order"),
    _ask("/admin/orders/{id}/refund", order_refund.ask, "admin_refund", "refund"),
    _act("/admin/orders/{id}/refund", order_refund.refund, "admin_send_refund", "refund"),
    _ask("/admin/orders/{id}/cancellation", order_actions.ask_cancel, "admin_ask_cancel", "orders"),
    _act("/admin/orders/{id}/cancellation", order_actions.cancel, "admin_cancel", "orders"),
    _act("/admin/orders/{id}/sync", order_actions.sync, "admin_sync", "orders"),
    _look("/admin/search", search_page.search, "admin_search"),
    _look("/admin/documents/{id}", papers.on_screen, "admin_document"),
    _look("/admin/documents/{id}/pdf", papers.on_paper, "admin_document_pdf"),
    _look("/admin/payments", payments.payment_list, "admin_payments"),
    _ask("/admin/payments/{id}/capture", payments.ask_capture, "admin_ask_capture", "orders"),
    _act("/admin/payments/{id}/capture", payments.capture, "admin_capture", "orders"),
    _ask("/admin/payments/{id}/void", payments.ask_void, "admin_ask_void", "orders"),
    _act("/admin/payments/{id}/void", payments.void, "admin_void", "orders"),
    _look("/admin/reconciliation", reconciliation.overview, "admin_reconciliation"),
    _act("/admin/reconciliation", reconciliation.check, "admin_reconcile_now", "books"),
    _ask("/admin/reconciliation/{id}/acceptance", reconciliation.ask_accept, "admin_discrepancy_ask", "books"),
    _act("/admin/reconciliation/{id}/acceptance", reconciliation.accept, "admin_discrepancy_accept", "books"),
    _look("/admin/refunds", refunds.refund_list, "admin_refunds"),
    _look("/admin/refunds/requests", refund_requests.request_list, "admin_refund_requests"),
    _act("/admin/refunds/requests", refund_requests.file, "admin_file_request", "refund"),
    _look("/admin/refunds/requests/{id}", refund_requests.request_detail, "admin_refund_request"),
    _act("/admin/refunds/requests/{id}/approval", refund_requests.approve, "admin_request_approve", "refund"),
    _ask("/admin/refunds/requests/{id}/decline", refund_requests.ask_decline, "admin_request_ask_decline", "refund"),
    _act("/admin/refunds/requests/{id}/decline", refund_requests.decline, "admin_request_decline", "refund"),
    _look("/admin/refunds/{id}", refunds.refund_detail, "admin_refund_detail"),
    _act("/admin/refunds/{id}/retry", refunds.retry, "admin_refund_retry", "refund"),
    _ask("/admin/refunds/{id}/cancellation", refunds.ask_cancel, "admin_refund_ask_cancel", "refund"),
    _act("/admin/refunds/{id}/cancellation", refunds.cancel, "admin_refund_cancel", "refund"),
    _look("/admin/disputes", disputes.dispute_list, "admin_disputes"),
    _look("/admin/disputes/{id}", disputes.dispute_detail, "admin_dispute"),
    _ask("/admin/disputes/{id}/evidence", disputes.edit, "admin_evidence", "evidence"),
    _act("/admin/disputes/{id}/evidence", disputes.save, "admin_evidence_save", "evidence"),
    _ask("/admin/disputes/{id}/submission", disputes.ask_submit, "admin_ask_submit", "evidence"),
    _act("/admin/disputes/{id}/submission", disputes.submit, "admin_submit", "evidence"),
    _ask("/admin/disputes/{id}/acceptance", disputes.ask_accept, "admin_ask_accept", "concede"),
    _act("/admin/disputes/{id}/acceptance", disputes.accept, "admin_accept", "concede"),
    _look("/admin/metrics", metrics.overview, "admin_metrics"),
    _look("/admin/metrics/movements", metrics.rows, "admin_metrics_rows"),
    _look("/admin/metrics/failed-payments", metrics.failed, "admin_metrics_failed"),
    _look("/admin/metrics/starts", metrics.begun, "admin_metrics_begun"),
    _look("/admin/metrics/{sheet}.csv", metrics.export, "admin_metrics_csv"),
    _look("/admin/subscriptions", subscriptions.subscription_list, "admin_subscriptions"),
    _look("/admin/subscriptions/{id}", subscriptions.subscription_detail, "admin_subscription"),
    _ask("/admin/subscriptions/{id}/cancellation", subscriptions.ask_cancel, "admin_subscription_ask_cancel", "orders"),
    _act("/admin/subscriptions/{id}/cancellation", subscriptions.cancel, "admin_subscription_cancel", "orders"),
    _act("/admin/subscriptions/{id}/resumption", subscriptions.resume, "admin_subscription_resume", "orders"),
    _ask("/admin/subscriptions/{id}/retry", subscriptions.ask_retry, "admin_subscription_ask_retry", "orders"),
    _act("/admin/subscriptions/{id}/retry", subscriptions.retry, "admin_subscription_retry", "orders"),
    _act("/admin/subscriptions/{id}/sync", subscriptions.sync, "admin_subscription_sync", "orders"),
    _look("/admin/customers", customers.customer_list, "admin_customers"),
    _look("/admin/customers/{id}", customers.customer_detail, "admin_customer"),
    _look("/admin/sellers", sellers.seller_list, "admin_sellers"),
    _look("/admin/sellers/{id}", sellers.seller_detail, "admin_seller"),
    _act("/admin/sellers/{id}/sync", sellers.sync, "admin_seller_sync", "orders"),
    _ask("/admin/sellers/{id}/suspension", sellers.ask_suspend, "admin_seller_ask_suspend", "sellers"),
    _act("/admin/sellers/{id}/suspension", sellers.suspend, "admin_seller_suspend", "sellers"),
    _ask("/admin/sellers/{id}/reinstatement", sellers.ask_reinstate, "admin_seller_ask_reinstate", "sellers"),
    _act("/admin/sellers/{id}/reinstatement", sellers.reinstate, "admin_seller_reinstate", "sellers"),
    _ask("/admin/sellers/{id}/rejection", sellers.ask_reject, "admin_seller_ask_reject", "sellers"),
    _act("/admin/sellers/{id}/rejection", sellers.reject, "admin_seller_reject", "sellers"),
    _look("/admin/products", products.product_list, "admin_products"),
    _look("/admin/products/plan", products.ask_apply, "admin_catalog_plan"),
    _act("/admin/products/apply", products.apply, "admin_catalog_apply", "catalog"),
    _look("/admin/coupons", coupons.coupon_list, "admin_coupons"),
    _ask("/admin/coupons/new", coupons.new_coupon, "admin_coupon_new", "catalog"),
    _act("/admin/coupons/new", coupons.create, "admin_coupon_create", "catalog"),
    _look("/admin/coupons/{key}", coupons.coupon_detail, "admin_coupon"),
    _act("/admin/coupons/{key}/codes", coupons.create_code, "admin_code_create", "catalog"),
    _act("/admin/coupons/{key}/end", coupons.deactivate, "admin_coupon_end", "catalog"),
    _look("/admin/events", inbox.notice_list, "admin_inbox"),
    _ask("/admin/events/replay", inbox.ask_replay, "admin_ask_replay", "operate"),
    _act("/admin/events/replay", inbox.replay_many, "admin_replay_many", "operate"),
    _look("/admin/events/{id}", inbox.notice_detail, "admin_notice"),
    _act("/admin/events/{id}/replay", inbox.replay_one, "admin_replay", "operate"),
    _look("/admin/jobs", jobs.overview, "admin_jobs"),
    _act("/admin/jobs/{id}/retry", jobs.retry, "admin_job_retry", "operate"),
    _ask("/admin/jobs/{id}/discard", jobs.ask_discard, "admin_job_ask_discard", "operate"),
    _act("/admin/jobs/{id}/discard", jobs.discard, "admin_job_discard", "operate"),
    _look("/admin/health", health.overview, "admin_health"),
    _look("/admin/ledger", books.overview, "admin_ledger"),
    _look("/admin/audit", audit.trail, "admin_audit"),
    _look("/admin/audit/{id}", audit.entry, "admin_event"),
)
