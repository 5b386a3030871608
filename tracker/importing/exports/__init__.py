"""Exports of other trackers: the files that they give out become events by the rules of their SDKs' requests."""

from tracker.importing.exports.amplitude_export import AmplitudeExport
from tracker.importing.exports.export_records import ExportedRecord, ExportRecords, VendorExport
from tracker.importing.exports.matomo_export import MatomoExport
from tracker.importing.exports.mixpanel_export import MixpanelExport
from tracker.importing.exports.plausible_export import PlausibleExport
from tracker.importing.exports.posthog_export import PostHogExport
from tracker.importing.exports.segment_export import SegmentExport
from tracker.importing.exports.umami_export import UmamiExport

__all__ = ["EXPORTS", "ExportRecords", "ExportedRecord", "VendorExport"]

#: The export of each vendor, by the word that `tracker import --from` takes.
EXPORTS: dict[str, type[VendorExport]] = {
    each.adapter.family: each
    for each in (
        SegmentExport,
        PostHogExport,
        MixpanelExport,
        AmplitudeExport,
        UmamiExport,
        PlausibleExport,
        MatomoExport,
    )
}
