//! Who an agent is: interfaces, extensions and names (`docs/metrics.md`, section 7).

use model::{Name, Roster};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Ties what switches write to agents' names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Names {
    by_interface: FxHashMap<Name, Name>,
    by_extension: FxHashMap<Name, Name>,
}

/// The extension in an interface: `PJSIP/1002` and `Local/1002@agents/n` give `1002`.
fn extension_of(interface: &str) -> Option<&str> {
    let rest = interface.split_once('/')?.1;
    let end = rest.find(['@', '/', '-']).unwrap_or(rest.len());
    let extension = &rest[..end];
    (!extension.is_empty()).then_some(extension)
}

impl Names {
    /// Takes up a whole roster; what the switch itself told stays.
    pub fn set_roster(&mut self, roster: &Roster) {
        for entry in &roster.entries {
            self.know(&entry.interface, &entry.name);
            if let Some(extension) = &entry.extension {
                self.by_extension.insert(extension.clone(), entry.name.clone());
            }
        }
    }

    /// An interface's name became known.
    pub fn know(&mut self, interface: &Name, name: &Name) {
        self.by_interface.insert(interface.clone(), name.clone());
        if let Some(extension) = extension_of(interface) {
            self.by_extension.insert(extension.into(), name.clone());
        }
    }

    /// The switch wrote this as a member: an interface without a name is its own name.
    pub fn member(&mut self, written: &Name) {
        if let Some(extension) = extension_of(written)
            && !self.by_extension.contains_key(extension)
        {
            let name = self.agent(written);
            self.by_extension.insert(extension.into(), name);
        }
    }

    /// The agent's name for what the switch wrote (interface or name).
    pub fn agent(&self, written: &Name) -> Name {
        if let Some(name) = self.by_interface.get(written) {
            return name.clone();
        }
        extension_of(written).and_then(|e| self.by_extension.get(e)).unwrap_or(written).clone()
    }

    /// The agent whose telephone has this number.
    pub fn at_extension(&self, number: &str) -> Option<&Name> {
        self.by_extension.get(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_and_its_plumbing_are_one_agent() {
        let mut names = Names::default();
        names.know(&"Local/1003@agents/n".into(), &"Chloé Dubois".into());
        assert_eq!(names.agent(&"Local/1003@agents/n".into()), "Chloé Dubois");
        assert_eq!(names.agent(&"PJSIP/1003".into()), "Chloé Dubois");
        assert_eq!(names.at_extension("1003").map(Name::as_str), Some("Chloé Dubois"));
        assert_eq!(names.agent(&"Bob Keller".into()), "Bob Keller");
    }

    #[test]
    fn an_interface_without_a_name_stays_what_the_switch_wrote() {
        let mut names = Names::default();
        names.member(&"SIP/200".into());
        assert_eq!(names.agent(&"SIP/200".into()), "SIP/200");
        assert_eq!(names.at_extension("200").map(Name::as_str), Some("SIP/200"));
    }
}
