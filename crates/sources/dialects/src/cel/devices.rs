//! What a channel's name tells of its far end.

use model::Name;
use model::event::DeviceKind;

/// The interface behind a channel: its name without the number that makes it unique
/// (`PJSIP/1001-0000002a`, `Local/1009@agents-00000000;1`).
pub(super) fn interface(channel: &str) -> Name {
    let end = channel.rfind('-').unwrap_or(channel.len());
    channel.get(..end).unwrap_or(channel).into()
}

/// Whether the channel is one that Asterisk makes for itself (`CBAnn`, `Announcer`,
/// `Recorder`), not even half of a Local pair.
pub(super) fn is_plumbing(channel: &str) -> bool {
    kind(channel, "") == DeviceKind::Internal && !channel.starts_with("Local/")
}

/// What stands at the far end. An endpoint called like its own number, or like a short
/// number, is a telephone of the centre; other real channels are lines to the network.
pub(super) fn kind(channel: &str, number: &str) -> DeviceKind {
    let interface = interface(channel);
    let Some((technology, endpoint)) = interface.split_once('/') else { return DeviceKind::Unknown };
    if !matches!(technology, "PJSIP" | "SIP" | "IAX2" | "DAHDI" | "SCCP" | "Motif" | "WebSocket" | "MGCP" | "Skinny") {
        return DeviceKind::Internal;
    }
    let short = |text: &str| (2..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if endpoint == number || short(endpoint) || short(number) { DeviceKind::Station } else { DeviceKind::Trunk }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_and_kinds_by_name() {
        assert_eq!(interface("PJSIP/1007-0000005d"), "PJSIP/1007");
        assert_eq!(interface("Local/1009@agents-00000000;1"), "Local/1009@agents");
        assert_eq!(interface("PJSIP/carrier-a-0000005d"), "PJSIP/carrier-a");
        assert_eq!(kind("PJSIP/1007-0000005d", "1007"), DeviceKind::Station);
        assert_eq!(kind("PJSIP/anna-0000005d", "204"), DeviceKind::Station);
        assert_eq!(kind("PJSIP/trunk-0000002c", "0199005140"), DeviceKind::Trunk);
        assert_eq!(kind("Local/1009@agents-00000000;2", ""), DeviceKind::Internal);
        assert_eq!(kind("", ""), DeviceKind::Unknown);
    }
}
