//! Which centres and queues somebody sees.

use model::Name;
use serde::{Deserialize, Serialize};

/// What of the centre is seen; by default all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sees {
    /// Only these centres; `None`: all.
    pub centers: Option<Vec<Name>>,
    /// Only these queues, by name, in every centre seen; `None`: all.
    pub queues: Option<Vec<Name>>,
}

impl Sees {
    /// The same, as the tables ask for it.
    pub fn visible(&self) -> tables::Visible {
        tables::Visible { centers: self.centers.clone(), queues: self.queues.clone() }
    }

    /// Everything is seen.
    pub fn all(&self) -> bool {
        self.centers.is_none() && self.queues.is_none()
    }

    /// Whether something of this centre may be seen.
    pub fn center(&self, center: &str) -> bool {
        allows(self.centers.as_deref(), center)
    }

    /// Whether this queue of this centre may be seen.
    pub fn queue(&self, center: &str, queue: &str) -> bool {
        self.center(center) && allows(self.queues.as_deref(), queue)
    }
}

fn allows(only: Option<&[Name]>, name: &str) -> bool {
    only.is_none_or(|names| names.iter().any(|n| n == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_narrow_and_no_list_is_all() {
        assert!(Sees::default().all() && Sees::default().queue("main", "sales"));
        let sees = Sees { centers: Some(vec!["north".into()]), queues: Some(vec!["sales".into()]) };
        assert!(sees.center("north") && !sees.center("main"));
        assert!(sees.queue("north", "sales"));
        assert!(!sees.queue("north", "support") && !sees.queue("main", "sales"));
        let nothing = Sees { centers: None, queues: Some(Vec::new()) };
        assert!(nothing.center("main") && !nothing.queue("main", "sales"));
    }
}
