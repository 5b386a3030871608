"""SDK adapters: requests of other trackers' SDKs become events, one adapter a family. Also the API for packages with adapters."""

from tracker.sdks.adapter import (
    Adapter,
    Item,
    Outcomes,
    SdkCredential,
    SdkRefusal,
    SdkReply,
    SdkRequest,
)
from tracker.sdks.adapter_table import EVENTS, Adapters, SdkRoute

__all__ = [
    "EVENTS",
    "Adapter",
    "Adapters",
    "Item",
    "Outcomes",
    "SdkCredential",
    "SdkRefusal",
    "SdkReply",
    "SdkRequest",
    "SdkRoute",
]
