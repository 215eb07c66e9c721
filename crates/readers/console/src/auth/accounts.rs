//! Local accounts as a file: JSON, made by `ringledger accounts`.
//!
//! Contract: the file is written whole beside its place and then renamed, with mode 0600;
//! two commands at once wait for each other. It holds hashes of passwords, never one.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use model::Name;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Role, Sees, passwords};

/// Longest name, characters.
const LONGEST_NAME: usize = 64;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Who.
    pub name: String,
    /// `operations`, `compliance`, `analyst` or `administrator`.
    pub role: String,
    /// Only these centres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centers: Option<Vec<Name>>,
    /// Only these queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queues: Option<Vec<Name>>,
    /// The password's hash (PHC string).
    password: String,
}

impl Account {
    /// An account with this password.
    ///
    /// # Errors
    /// The name or the password is not one, or the role has no pages.
    pub fn new(name: &str, role: &str, sees: Sees, password: &str) -> Result<Self, String> {
        let Sees { centers, queues } = sees;
        let mut account =
            Self { name: name.to_owned(), role: role.to_owned(), centers, queues, password: String::new() };
        account.named()?;
        account.set_password(password)?;
        Ok(account)
    }

    /// Another password.
    ///
    /// # Errors
    /// It is too short or too long.
    pub fn set_password(&mut self, password: &str) -> Result<(), String> {
        self.password = passwords::hash(password)?;
        Ok(())
    }

    fn named(&self) -> Result<Role, String> {
        let name = &self.name;
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(odd) {
            return Err(format!("a name has 1 to {LONGEST_NAME} characters and no white space"));
        }
        Role::of(&self.role).filter(|r| r.browses()).ok_or_else(|| {
            format!("{name}: unknown role '{}'; one of operations, compliance, analyst, administrator", self.role)
        })
    }

    fn right(&self) -> Result<(), String> {
        self.named()?;
        if passwords::is_hash(&self.password) {
            return Ok(());
        }
        Err(format!("{}: its password is no Argon2id hash of ours; use `ringledger accounts set-password`", self.name))
    }

    /// The role; none where the file was not checked.
    pub(crate) fn role(&self) -> Option<Role> {
        Role::of(&self.role)
    }

    pub(crate) fn sees(&self) -> Sees {
        Sees { centers: self.centers.clone(), queues: self.queues.clone() }
    }

    pub(crate) fn hash(&self) -> &str {
        &self.password
    }

    /// Changes with the password.
    pub(crate) fn stamp(&self) -> [u8; 32] {
        Sha256::digest(self.password.as_bytes()).into()
    }
}

/// All accounts of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// In the order in which they were made; each name once.
    pub accounts: Vec<Account>,
}

impl Accounts {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or something in it is wrong: says which account.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| {
            format!("{shown}: {e}; make it with `ringledger accounts add NAME --role administrator --file {shown}`")
        })?;
        Self::parse(&text).map_err(|e| format!("{shown}: {e}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let accounts: Self = serde_json::from_str(text).map_err(|e| format!("not a file of accounts: {e}"))?;
        for (i, account) in accounts.accounts.iter().enumerate() {
            account.right()?;
            if accounts.accounts[..i].iter().any(|a| a.name == account.name) {
                return Err(format!("{} stands twice", account.name));
            }
        }
        Ok(accounts)
    }

    /// The account of this name.
    pub fn get(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name == name)
    }

    /// Changes a file as a whole; one that is absent counts as empty.
    ///
    /// # Errors
    /// It cannot be read or written, or `change` says no; then it is as before.
    pub fn edit(path: &Path, change: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        let told = |e: std::io::Error| format!("{}: {e}", path.display());
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let lock = File::open(folder).map_err(|e| format!("{}: {e}; create the folder first", folder.display()))?;
        lock.lock().map_err(told)?;
        let mut accounts = if path.exists() { Self::read(path)? } else { Self::default() };
        change(&mut accounts)?;
        let mut text = serde_json::to_string_pretty(&accounts).map_err(|e| e.to_string())?;
        text.push('\n');
        write_whole(folder, path, &text).map_err(told)?;
        lock.sync_all().map_err(told)
    }
}

/// Beside its place, then renamed: a reader sees the old file or the new one.
fn write_whole(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    })();
    if written.is_err() {
        // (What is left of a failed attempt; its own failure says nothing more.)
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_changed_whole_and_belongs_to_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.json");
        let sees = Sees { centers: None, queues: Some(vec!["sales".into()]) };
        let ann = Account::new("ann", "analyst", sees, "correct horse").unwrap();
        let add = |a: &mut Accounts| {
            a.accounts.push(ann.clone());
            Ok(())
        };
        Accounts::edit(&path, add).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("correct horse") && text.contains("$argon2id$"), "{text}");
        assert_eq!(Accounts::read(&path).unwrap().get("ann"), Some(&ann));
        assert_eq!(Accounts::edit(&path, |_| Err("no".into())), Err("no".into()));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |name, role, password| Account::new(name, role, Sees::default(), password).unwrap_err();
        assert!(wrong("a b", "analyst", "correct horse").contains("white space"));
        assert!(wrong("ann", "adapter", "correct horse").contains("one of operations"));
        let plain = r#"{"accounts":[{"name":"ann","role":"analyst","password":"correct horse"}]}"#;
        let e = Accounts::parse(plain).unwrap_err();
        assert!(e.contains("ann: its password is no Argon2id hash") && !e.contains("horse"), "{e}");
        let e = Accounts::read(Path::new("/nowhere/accounts.json")).unwrap_err();
        assert!(e.contains("ringledger accounts add"), "{e}");
    }
}
