//! The few pages: sign-in, and the reason before a recording is heard.

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

fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;\
         margin:3rem auto;padding:0 1rem}}label{{display:block;margin:1rem 0 .25rem}}\
         input,select,button{{font:inherit;padding:.4rem .6rem}}input[type=text]{{width:100%;box-sizing:border-box}}\
         button{{margin-top:1rem}}dt{{font-weight:600}}audio{{width:100%;margin-top:1rem}}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// The form that takes a one-time code.
pub(crate) fn sign_in(code: &str, problem: Option<&str>) -> String {
    let problem = problem.map(|p| format!("<p role=\"alert\">{}</p>", escape(p))).unwrap_or_default();
    let code = escape(code);
    page(
        "Ringledger: sign in",
        &format!(
            "{problem}<form method=\"post\" action=\"/sign-in\"><label for=\"code\">One-time code</label>\
             <input type=\"text\" id=\"code\" name=\"code\" value=\"{code}\" autocomplete=\"off\" required>\
             <button type=\"submit\">Sign in</button></form>"
        ),
    )
}

/// After a sign-in.
pub(crate) fn signed_in() -> String {
    page("Ringledger: signed in", "<p>You are signed in for eight hours. Open a recording's link now.</p>")
}

/// Asks for the reason; or plays, where one was given.
pub(crate) fn recording(id: &str, facts: &[(&str, String)], reason: Option<&str>, problem: Option<&str>) -> String {
    let list: String = facts
        .iter()
        .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(name), escape(value)))
        .collect();
    let problem = problem.map(|p| format!("<p role=\"alert\">{}</p>", escape(p))).unwrap_or_default();
    let action = match reason {
        None => "<form method=\"get\"><label for=\"reason\">Why do you listen? It is kept with your name.</label>\
                 <input type=\"text\" id=\"reason\" name=\"reason\" required minlength=\"3\" maxlength=\"500\">\
                 <button type=\"submit\">Listen</button></form>"
            .to_owned(),
        Some(reason) => format!(
            "<audio controls preload=\"none\" src=\"/r/{}?media=1&amp;reason={}\"></audio><p>Reason: {}</p>",
            encode(id),
            encode(reason),
            escape(reason)
        ),
    };
    page("Recording", &format!("{problem}<dl>{list}</dl>{action}"))
}

/// Percent-encoding for a path segment or a query value (RFC 3986, unreserved kept).
fn encode(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_becomes_markup() {
        let page = recording("a\"b", &[("Agent", "<script>".into())], Some("\"><b>&"), None);
        assert!(!page.contains("<script>") && !page.contains("\"><b>"), "{page}");
        assert!(page.contains("/r/a%22b?media=1"));
    }
}
