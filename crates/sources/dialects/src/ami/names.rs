//! What the names of channels and interfaces tell.

use model::Name;
use model::event::DeviceKind;

/// Channel technologies that are plumbing inside the switch.
const PLUMBING: [&str; 13] = [
    "Local",
    "Bridge",
    "CBAnn",
    "CBRec",
    "Snoop",
    "Message",
    "AsyncGoto",
    "Surrogate",
    "Announcer",
    "Recorder",
    "UnicastRTP",
    "MulticastRTP",
    "Parking",
];
/// Words in an endpoint's name that only a line to the public network bears.
const TRUNK_WORDS: [&str; 7] = ["trunk", "carrier", "provider", "pstn", "gateway", "telco", "itsp"];

/// `PJSIP/1003-0000002e` to `PJSIP/1003`, `Local/1009@agents-0000002d;1` to
/// `Local/1009@agents`.
pub(super) fn interface_of(channel: &str) -> &str {
    let whole = channel.strip_suffix(";1").or_else(|| channel.strip_suffix(";2")).unwrap_or(channel);
    match whole.rsplit_once('-') {
        Some((front, serial)) if !serial.is_empty() && serial.bytes().all(|b| b.is_ascii_hexdigit()) => front,
        _ => whole,
    }
}

/// An interface as channels are named after it: without the options of a Local channel.
pub(super) fn plain_interface(interface: &str) -> &str {
    let Some(rest) = interface.strip_prefix("Local/") else { return interface };
    rest.find('/').map_or(interface, |slash| &interface[.."Local/".len() + slash])
}

/// Whether a channel is plumbing by its technology.
pub(super) fn is_plumbing(channel: &str) -> bool {
    let tech = channel.split('/').next().unwrap_or(channel);
    PLUMBING.iter().any(|p| tech.eq_ignore_ascii_case(p))
}

/// What stands at the far end of a channel, from its name and number alone. An
/// endpoint named like a telephone's extension is one; an endpoint that brings long or
/// withheld numbers is a line.
pub(super) fn device_of(channel: &str, number: Option<&str>) -> DeviceKind {
    if is_plumbing(channel) {
        return DeviceKind::Internal;
    }
    let endpoint = interface_of(channel).split_once('/').map_or("", |(_, e)| e);
    let is_short = |t: &str| (2..=6).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    let lower = endpoint.to_ascii_lowercase();
    if is_short(endpoint) || number == Some(endpoint) {
        return DeviceKind::Station;
    }
    if endpoint.contains('@') || TRUNK_WORDS.iter().any(|w| lower.contains(w)) {
        return DeviceKind::Trunk;
    }
    match number {
        Some(n) if is_short(n) => DeviceKind::Station,
        Some(n) if crate::emit::withheld(n) || n.bytes().filter(u8::is_ascii_digit).count() >= 7 => DeviceKind::Trunk,
        _ => DeviceKind::Unknown,
    }
}

/// The number (else the device) in what was dialled: `07700900458@trunk`,
/// `PJSIP/trunk/sip:+4420@example.com`, `SIP/acme/0770`, `Local/1009@agents/n`.
pub(super) fn number_dialled(dialled: &str) -> Name {
    let is_number = |t: &&str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
    let party = |t: &'_ str| -> Option<Name> {
        let user = t.split('@').next().unwrap_or(t);
        let user = user.split_once(':').map_or(user, |(_, u)| u);
        is_number(&user).then(|| user.into())
    };
    dialled.rsplit('/').find_map(party).unwrap_or_else(|| dialled.into())
}

/// Undoes the C escapes that the switch puts into party names (`Pat O\'Brien`).
pub(super) fn unescape(name: &str) -> Name {
    if !name.contains('\\') {
        return name.into();
    }
    let mut plain = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some(e @ ('\\' | '\'' | '"' | '?')) => plain.push(e),
                Some('t' | 'n' | 'r') => plain.push(' '),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
            (c, false) => plain.push(c),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_found_under_channel_names() {
        assert_eq!(interface_of("PJSIP/1003-0000002e"), "PJSIP/1003");
        assert_eq!(interface_of("Local/1009@agents-0000002d;1"), "Local/1009@agents");
        assert_eq!(interface_of("PJSIP/front-desk-000000aa"), "PJSIP/front-desk");
        assert_eq!(plain_interface("Local/1009@agents/n"), "Local/1009@agents");
        assert_eq!(plain_interface("PJSIP/1003"), "PJSIP/1003");
    }

    #[test]
    fn devices_are_told_by_endpoint_and_number() {
        assert_eq!(device_of("Local/1009@agents-0000002d;2", None), DeviceKind::Internal);
        assert_eq!(device_of("PJSIP/1003-0000002e", None), DeviceKind::Station);
        assert_eq!(device_of("PJSIP/trunk-0000002e", None), DeviceKind::Trunk);
        assert_eq!(device_of("SIP/acme-0000002e", Some("442079460000")), DeviceKind::Trunk);
        assert_eq!(device_of("SIP/acme-0000002e", Some("anonymous")), DeviceKind::Trunk);
        assert_eq!(device_of("SIP/alice-0000002e", Some("204")), DeviceKind::Station);
        assert_eq!(device_of("SIP/alice-0000002e", None), DeviceKind::Unknown);
    }

    #[test]
    fn numbers_are_found_in_what_was_dialled() {
        for (dialled, number) in [
            ("07700900458@trunk", "07700900458"),
            ("1009", "1009"),
            ("PJSIP/1011", "1011"),
            ("PJSIP/trunk/sip:+4420@example.com", "+4420"),
            ("SIP/acme/0770", "0770"),
            ("Local/1009@agents/n", "1009"),
            ("PJSIP/alice", "PJSIP/alice"),
        ] {
            assert_eq!(number_dialled(dialled), number);
        }
    }

    #[test]
    fn names_lose_their_escapes() {
        assert_eq!(unescape(r"Pat O\'Brien"), "Pat O'Brien");
        assert_eq!(unescape(r"back\\slash"), r"back\slash");
        assert_eq!(unescape("Zoë"), "Zoë");
    }
}
