//! What every page is made of, and the reason before a recording is heard. No scripts.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Text made safe inside HTML and attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// One small sheet for all pages: the browser's own colours, light or dark, and a width
/// that suits a telephone.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}\
h1{font-size:1.5rem;line-height:1.25}\
label{display:block;margin:1rem 0 .25rem}\
input,button{font:inherit;padding:.5rem .75rem;box-sizing:border-box}\
input[type=text],input[type=password]{width:100%}\
button{margin-top:1rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}\
dt{font-weight:600}dd{margin:0}\
audio{width:100%;margin-top:1rem}\
[role=alert]{border-left:.25rem solid light-dark(#b3261e,#f2b8b5);padding-left:.75rem}";

pub(crate) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    // The empty icon keeps browsers from asking for one.
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} – Ringledger</title>\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

pub(crate) fn alert(problem: Option<&str>) -> String {
    problem.map(|p| format!("<p role=\"alert\">{}</p>", escape(p))).unwrap_or_default()
}

/// Why somebody who is known may not do something.
pub(crate) fn refused(title: &str, detail: &str) -> String {
    page(
        title,
        &format!("<p role=\"alert\">{}.</p><p><a href=\"/sign-in\">Sign in as somebody else</a></p>", escape(detail)),
    )
}

/// How far the one who asks has come with a recording.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// Nothing is stored.
    NotStored,
    /// The reason is wanted.
    Reason,
    /// It was given: play.
    Play(&'a str),
}

/// What is known of a recording; asks for the reason, or plays, where one was given.
pub(crate) fn recording(id: &str, facts: &[(&str, String)], step: Step<'_>) -> String {
    let list: String =
        facts.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value))).collect();
    let action = match step {
        Step::NotStored => "<p>Nothing is stored of this recording.</p>".to_owned(),
        Step::Reason => "<form method=\"get\"><label for=\"reason\">Why do you listen? It is kept with your \
                         name.</label><input type=\"text\" id=\"reason\" name=\"reason\" required minlength=\"3\" \
                         maxlength=\"500\" autocomplete=\"off\"><button type=\"submit\">Listen</button></form>"
            .to_owned(),
        // Nothing is loaded, and so nothing heard or logged, before the button is pressed.
        Step::Play(reason) => format!(
            "<audio controls preload=\"none\" aria-label=\"Recording\" src=\"/r/{}?media=1&amp;reason={}\"></audio>\
             <p>Reason: {}</p>",
            encode(id),
            encode(reason),
            escape(reason)
        ),
    };
    page("Recording", &format!("<dl>{list}</dl>{action}"))
}

/// What RFC 3986 leaves as it is, besides letters and digits.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encoding for a path segment or a query value (RFC 3986, unreserved kept).
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_becomes_markup() {
        let page = recording("a\"b", &[("Agent", "<script>".into())], Step::Play("\"><b>&"));
        assert!(!page.contains("<script>") && !page.contains("\"><b>"), "{page}");
        assert!(page.contains("/r/a%22b?media=1"));
    }
}
