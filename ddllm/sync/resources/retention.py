"""APM retention filters: what keeps exemplars longer than the 15 minutes for which Datadog keeps everything."""

from ddllm.definitions import routing
from ddllm.sync.normalise import Normaliser, Row, gone, unless
from ddllm.sync.signed import SignedObjects, unsigned

_ROWS = (
    Row("name", "ends with the marks", unsigned),
    Row("enabled", "on or off"),
    Row("filter", "which spans"),
    Row("filter_type", "what Datadog's own filters are told apart by"),
    Row("rate", "the share of matching spans; a whole number comes back as a float"),
    Row("trace_rate", "added as 0: no trace is kept for the sake of one span", unless(0), managed=False, cleared=0),
    *(
        Row(name, "the server's own", gone)
        for name in ("editable", "execution_order", "created_at", "created_by", "modified_at", "modified_by")
    ),
)


class RetentionFilters(SignedObjects):
    """The kind `retention`."""

    kind = routing.RETENTION
    noun = "retention filter"
    normaliser = Normaliser(version=1, rows=_ROWS)
    rank = 70
    path = "/api/v2/apm/config/retention-filters"
    type = "apm_retention_filter"
    updates_by = "PUT"
    page = "/apm/traces/retention-filters"


RESOURCE = RetentionFilters()
