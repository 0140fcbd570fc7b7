"""HealthChain with a service that says nothing, for `healthchain.py` beside it; runs in an environment of its own.

`PEER_READS=typed` turns every prefetched resource into a model of fhir.resources, by HealthChain's own function for
that, which is what its readers work on. Otherwise nothing is read: the least that a call costs there.
"""

import os

from healthchain.fhir import convert_prefetch_to_fhir_objects
from healthchain.gateway import CDSHooksService, HealthChainAPI
from healthchain.gateway.cds import CDSHooksConfig
from healthchain.models.requests.cdsrequest import CDSRequest
from healthchain.models.responses.cdsresponse import CDSResponse

IS_TYPED = os.environ.get("PEER_READS") == "typed"
PATHS = {"base_path": "", "discovery_path": "/cds-services", "service_path": "/cds-services"}

service = CDSHooksService(config=CDSHooksConfig(**PATHS))


@service.hook("patient-view", id="next-therapy")
def next_therapy(request: CDSRequest) -> CDSResponse:
    """No card."""
    if IS_TYPED:
        for value in (request.prefetch or {}).values():
            entries = value.get("entry", []) if isinstance(value, dict) else []
            convert_prefetch_to_fhir_objects({str(place): entry["resource"] for place, entry in enumerate(entries)})
    return CDSResponse(cards=[])


application = HealthChainAPI()
application.register_service(service, path="")


@application.get("/health/ready")
def ready() -> dict[str, str]:
    """What the benchmark waits for."""
    return {"status": "ready"}
