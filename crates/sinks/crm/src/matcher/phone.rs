//! A telephone number in the forms under which a CRM may keep it.

use phonenumber::country::Id as Country;
use phonenumber::{Mode, PhoneNumber};

/// A country by its ISO 3166 code.
pub(crate) fn country(code: Option<&str>) -> Result<Option<Country>, String> {
    code.map(|c| {
        c.to_ascii_uppercase().parse().map_err(|_| format!("country = '{c}': give an ISO 3166 code such as GB"))
    })
    .transpose()
}

/// Whether a country has this ISO 3166 code.
pub fn is_country(code: &str) -> bool {
    matches!(country(Some(code)), Ok(Some(_)))
}

/// The number's digits in E.164 and in national form; a number that cannot be read gives
/// its own digits. Fewer than five digits (extensions) give nothing.
pub fn forms(number: &str, country_code: Option<&str>) -> Vec<String> {
    let own = digits(number);
    if own.len() < 5 {
        return Vec::new();
    }
    let mut out = Vec::new();
    if let Some(parsed) = parse(number, country_code) {
        out.push(digits(&parsed.format().mode(Mode::E164).to_string()));
        out.push(digits(&parsed.format().mode(Mode::National).to_string()));
    }
    out.push(own);
    let mut seen = Vec::new();
    out.retain(|f| {
        !f.is_empty() && !seen.contains(f) && {
            seen.push(f.clone());
            true
        }
    });
    out
}

/// Carriers send national numbers, E.164 with and without the plus: the first reading
/// that is a valid number counts.
fn parse(number: &str, country_code: Option<&str>) -> Option<PhoneNumber> {
    let country = country(country_code).ok().flatten();
    let plus = format!("+{}", digits(number));
    let readings = [
        number.trim_start().starts_with('+').then(|| phonenumber::parse(None, number)),
        country.map(|c| phonenumber::parse(Some(c), number)),
        Some(phonenumber::parse(None, &plus)),
    ];
    readings.into_iter().flatten().flatten().find(phonenumber::is_valid)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn both_forms_are_asked_for_whatever_the_carrier_sends() {
        let london = ["442079460922".to_owned(), "02079460922".to_owned()];
        for sent in ["+442079460922", "+44 20 7946 0922"] {
            assert_eq!(forms(sent, Some("GB"))[..2], london[..], "{sent}");
        }
        for sent in ["442079460922", "020 7946 0922"] {
            assert!(
                london.iter().all(|f| forms(sent, Some("GB")).contains(f)),
                "{sent}: {:?}",
                forms(sent, Some("GB"))
            );
        }
        assert_eq!(forms("12025550180", Some("GB"))[0], "12025550180");
        assert!(forms("12025550180", Some("GB")).contains(&"2025550180".to_owned()));
        assert_eq!(forms("1001", Some("GB")), Vec::<String>::new());
        assert_eq!(forms("0199005138", None), vec!["0199005138".to_owned()]);
    }
}
