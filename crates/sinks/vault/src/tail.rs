//! Announced paths: the switch says where a file lies on *its* disk; here the same
//! folder is seen under another name. The file is the longest tail of the announced
//! path that exists below the folder given.
//!
//! Contract: pure. A path with a `..` in it is refused whole, whatever it would lead to.

/// Deepest announced path that is taken.
const MAX_PARTS: usize = 64;

/// The tails of an announced path, longest first, each as its parts.
///
/// # Errors
/// Why the path is refused.
pub(crate) fn tails(announced: &str) -> Result<Vec<Vec<&str>>, String> {
    if announced.contains('\0') {
        return Err("it holds a zero byte".into());
    }
    let parts: Vec<&str> = announced.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    if parts.contains(&"..") {
        return Err("it climbs with '..'".into());
    }
    if parts.len() > MAX_PARTS {
        return Err(format!("it is deeper than {MAX_PARTS} folders"));
    }
    Ok((0..parts.len()).map(|from| parts[from..].to_vec()).collect())
}

/// The names that a file announced as `name` may have on disk: Asterisk announces
/// `x.wav49` and writes `x.WAV`, and writes the first ending of a format's list.
pub(crate) fn names(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if let Some((stem, ending)) = name.rsplit_once('.') {
        let written = match ending {
            "wav49" => Some("WAV"),
            "ulaw" | "ul" | "mu" => Some("pcm"),
            _ => None,
        };
        names.extend(written.map(|w| format!("{stem}.{w}")));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{names, tails};

    #[test]
    fn the_longest_tail_comes_first() {
        let got = tails("/var/spool/./x.wav").unwrap();
        assert_eq!(got, vec![vec!["var", "spool", "x.wav"], vec!["spool", "x.wav"], vec!["x.wav"]]);
    }

    #[test]
    fn climbing_is_refused_wherever_it_leads() {
        for path in ["../x.wav", "/monitor/../../etc/passwd", "a/..", "a\0b"] {
            assert!(tails(path).is_err(), "{path}");
        }
        assert!(tails("a..b/x..wav").is_ok());
    }

    #[test]
    fn wav49_is_written_as_capital_wav() {
        assert_eq!(names("a.wav49"), ["a.wav49", "a.WAV"]);
        assert_eq!(names("a.wav"), ["a.wav"]);
    }
}
