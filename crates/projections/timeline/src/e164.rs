//! Numbers in E.164, where they can be parsed.
//!
//! `+` and full international digits (`4420…`) need no region; a national number
//! (`07700900054`) can be parsed only with the configured `default_region`. Digits
//! without `+` are taken as international only from eleven digits on and where they make
//! a valid number: shorter ones are national somewhere.

use model::Name;

/// The E.164 form of a number as received.
pub(crate) fn e164(raw: &str, default_region: Option<&str>) -> Option<Name> {
    let plus = raw.trim_start().starts_with('+');
    let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
    let strange = raw.chars().any(|c| !c.is_ascii_digit() && !matches!(c, '+' | ' ' | '-' | '(' | ')' | '.'));
    if strange || digits.len() < 6 || digits.len() > 15 {
        return None;
    }
    if plus {
        return parse(None, &format!("+{digits}"));
    }
    let region = default_region.and_then(|r| r.parse::<phonenumber::country::Id>().ok());
    if let Some(region) = region
        && let Some(number) = parse(Some(region), &digits)
    {
        return Some(number);
    }
    if digits.len() >= 11 && !digits.starts_with('0') {
        return parse(None, &format!("+{digits}"));
    }
    None
}

fn parse(region: Option<phonenumber::country::Id>, text: &str) -> Option<Name> {
    let number = phonenumber::parse(region, text).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(phonenumber::Mode::E164).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::e164;

    #[test]
    fn international_digits_need_no_region() {
        assert_eq!(e164("+442079460997", None).as_deref(), Some("+442079460997"));
        assert_eq!(e164("442079460997", None).as_deref(), Some("+442079460997"));
    }

    #[test]
    fn a_national_number_needs_a_region() {
        assert_eq!(e164("02079460997", None), None);
        assert_eq!(e164("02079460997", Some("GB")).as_deref(), Some("+442079460997"));
        assert_eq!(e164("442079460997", Some("GB")).as_deref(), Some("+442079460997"));
    }

    #[test]
    fn what_is_no_number_has_none() {
        for raw in ["anonymous", "", "1002", "s", "+", "sip:bob@example.com", "99999999999999999999"] {
            assert_eq!(e164(raw, Some("GB")), None, "{raw}");
        }
    }
}
