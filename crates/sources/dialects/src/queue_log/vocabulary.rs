//! The words that stand in the fifth field of a row.

/// Every event that the decoder gives a meaning to, or knows to have none for us.
const KNOWN: &[&str] = &[
    "ABANDON",
    "ADDMEMBER",
    "AGENTCALLBACKLOGIN",
    "AGENTCALLBACKLOGOFF",
    "AGENTDUMP",
    "AGENTLOGIN",
    "AGENTLOGOFF",
    "ATTENDEDTRANSFER",
    "BLINDTRANSFER",
    "CALLERID",
    "CLOSED",
    "COMPLETEAGENT",
    "COMPLETECALLER",
    "CONFIGRELOAD",
    "CONNECT",
    "DID",
    "DIVERT_CA_RATIO",
    "DIVERT_HOLDTIME",
    "ENTERQUEUE",
    "EXITEMPTY",
    "EXITWITHKEY",
    "EXITWITHTIMEOUT",
    "FULL",
    "INFO",
    "JOINEMPTY",
    "LEAVEEMPTY",
    "OUTCALL",
    "PAUSE",
    "PAUSEALL",
    "PENALTY",
    "QUEUESTART",
    "REMOVEMEMBER",
    "RINGCANCELED",
    "RINGINUSE",
    "RINGNOANSWER",
    "SYSCOMPAT",
    "TRANSFER",
    "UNPAUSE",
    "UNPAUSEALL",
    "WITHDRAW",
    "WRAPUPSTART",
];

/// Whether the word is one of the vocabulary (upper case, as every writer has it).
pub(super) fn known(word: &str) -> bool {
    KNOWN.binary_search(&word).is_ok()
}

/// Whether the word has the look of an event: upper case, digits, underscores.
pub(super) fn looks_like_event(word: &str) -> bool {
    word.len() >= 2 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_sorted_for_its_search() {
        assert!(super::KNOWN.is_sorted());
        assert!(super::known("CONNECT") && !super::known("connect") && !super::known("VACUUM"));
    }
}
