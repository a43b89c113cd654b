"""How the controls answer whom: JSON for programs, forms or not, pages for browsers; and what is not there, in words."""

from __future__ import annotations

import pytest
from tests.sandbox.conftest import Running

CURL = {"accept": "*/*", "user-agent": "curl/8.5.0"}
BROWSERS = [
    {"accept": "text/html,application/xhtml+xml"},
    {"accept": "*/*", "sec-fetch-mode": "navigate"},
    {"accept": "*/*", "referer": "http://127.0.0.1/_sandbox/"},
]


def test_a_form_of_curl_is_answered_with_json(sandbox: Running) -> None:
    answer = sandbox.http.post(f"{sandbox.url}/_sandbox/faults", data={"kind": "429", "path": "/v1/none"}, headers=CURL)
    try:
        assert answer.status_code == 200
        assert answer.json()["faults"][-1] == {"kind": "429", "method": "POST", "path": "/v1/none", "times": 1}
        wrong = sandbox.http.post(f"{sandbox.url}/_sandbox/clock/advance", data={"seconds": "soon"}, headers=CURL)
        assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "seconds")
    finally:
        sandbox.http.delete(f"{sandbox.url}/_sandbox/faults")


@pytest.mark.parametrize("headers", BROWSERS)
def test_a_form_of_a_browser_leads_back(sandbox: Running, headers: dict[str, str]) -> None:
    answer = sandbox.http.post(f"{sandbox.url}/_sandbox/webhooks", data={"kind": "none"}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/_sandbox/")


@pytest.mark.parametrize("path", ["/_sandbox/nowhere", "/_sandbox/clock/back", "/_sandbox/static/nothing.css", "/oauth/token"])
def test_a_path_that_is_not_there_is_told_as_json(sandbox: Running, path: str) -> None:
    answer = sandbox.http.get(sandbox.url + path, headers=CURL)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    message = f"Not Found: there is no GET {path} in this sandbox."
    assert answer.json() == {"error": {"message": message, "type": "invalid_request_error"}}


@pytest.mark.parametrize("path", ["/clock/advance", "/accounts/acct_1/onboard"])
def test_a_wrong_method_is_told_as_json_with_the_right_one(sandbox: Running, path: str) -> None:
    answer = sandbox.http.get(f"{sandbox.url}/_sandbox{path}", headers=CURL)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["error"]["message"] == f"Method Not Allowed: there is no GET /_sandbox{path} in this sandbox."


def test_a_browser_gets_no_json(sandbox: Running) -> None:
    answer = sandbox.http.get(f"{sandbox.url}/_sandbox/nowhere", headers=BROWSERS[0])
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
