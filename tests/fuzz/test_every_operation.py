"""Schemathesis reads `/openapi.json` and tries every operation of it, with and without a socket (all its checks).

Short in every run; `make fuzz` tries a hundred times as much (FUZZ_CASES) and takes other cases each time.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.conftest import Server
from tests.contract.calls import complete_call
from tests.contract.wire import check

CASES = int(os.environ.get("FUZZ_CASES", "15"))
CONFIG = {
    "checks": {
        # Required data that is missing, another patient, a chart too large: sound calls that cannot be answered.
        "positive_data_acceptance": {"expected-statuses": ["2xx", 412, 413, 422]},
        # A call may be at fault in one place and be refused for another first.
        "negative_data_rejection": {"expected-statuses": [400, 404, 405, 412, 413, 415, 421, 422]},
    }
}
short_or_long = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=CASES < 100,
    suppress_health_check=list(HealthCheck),
)
APP = create_app(Settings())


def described() -> Any:
    """The served document with a complete call as example, so that what lies behind the checks of shape is tried."""
    client = APP.test_client()
    document: dict[str, Any] = client.get("/openapi.json").get_json()
    for path, operations in document["paths"].items():
        if path.endswith("/next-therapy"):
            for content in operations["post"]["requestBody"]["content"].values():
                content["example"] = complete_call(client)
    return schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(CONFIG))


without_a_socket, over_http = described(), described()
without_a_socket.app = APP


def judge(case: schemathesis.Case, answer: Any) -> None:
    """Schemathesis checks the answer against the document, we check it against the contract."""
    case.validate_response(answer)
    headers = {name.title(): ", ".join(values) for name, values in answer.headers.items()}
    check(case.method.upper(), case.path, answer.status_code, headers, answer.content)


@without_a_socket.parametrize()
@short_or_long
def test_the_app_does_what_its_description_says(case: schemathesis.Case) -> None:
    judge(case, case.call())


@over_http.parametrize()
@short_or_long
def test_the_server_does_what_its_description_says(case: schemathesis.Case, server: Server) -> None:
    judge(case, case.call(base_url=server.url))
