//! `accounts`: who may sign in by name and password.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;

use console::{Account, Accounts, Sees};

use crate::accounts_args::{Accounts as Command, Password};
use crate::failure::Failure;
use crate::output::{print, say};

/// Runs a subcommand.
///
/// # Errors
/// The file cannot be read or written, or what is asked for does not fit what is in it.
pub fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Add(args) => {
            // (What can be said without a password is said before one is asked for.)
            if args.file.exists() && read(&args.file)?.get(&args.name).is_some() {
                return Err(taken(&args.name));
            }
            let names = |list: &[String]| (!list.is_empty()).then(|| list.iter().map(Into::into).collect());
            let sees = Sees { centers: names(&args.center), queues: names(&args.queue) };
            let password = password(&args.password, &args.name)?;
            let role = format!("{:?}", args.role).to_lowercase();
            let account = Account::new(&args.name, &role, sees, &password).map_err(Failure::Usage)?;
            edit(&args.file, |all| match all.get(&args.name) {
                Some(_) => Err(taken(&args.name).to_string()),
                None => {
                    all.accounts.push(account);
                    Ok(())
                }
            })?;
            say(&format!("{} may sign in as {role}", args.name));
        }
        Command::List(args) => print(&table(&read(&args.file)?)),
        Command::Remove(args) => {
            edit(&args.file, |all| find(all, &args.name).map(|at| drop(all.accounts.remove(at))))?;
            say(&format!("{} may sign in no more; a running server ends the sessions within a second", args.name));
        }
        Command::SetPassword(args) => {
            find(&read(&args.file)?, &args.name).map_err(Failure::Other)?;
            let password = password(&args.password, &args.name)?;
            edit(&args.file, |all| {
                let at = find(all, &args.name)?;
                all.accounts[at].set_password(&password)
            })?;
            say(&format!("{} has a new password; a running server ends the sessions within a second", args.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn taken(name: &str) -> Failure {
    Failure::Other(format!("{name} is there already; use `ringledger accounts set-password`, or remove it first"))
}

fn read(file: &Path) -> Result<Accounts, Failure> {
    Accounts::read(file).map_err(Failure::Other)
}

fn edit(file: &Path, change: impl FnOnce(&mut Accounts) -> Result<(), String>) -> Result<(), Failure> {
    Accounts::edit(file, change).map_err(Failure::Other)
}

fn find(all: &Accounts, name: &str) -> Result<usize, String> {
    let known = || all.accounts.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
    let at = all.accounts.iter().position(|a| a.name == name);
    at.ok_or_else(|| format!("{name} is no account of this file; it has: {}", known()))
}

fn table(all: &Accounts) -> String {
    let list = |names: &Option<Vec<model::Name>>| match names {
        None => "all".to_owned(),
        Some(names) => names.join(","),
    };
    let mut out = String::from("name\trole\tcenters\tqueues\n");
    for a in &all.accounts {
        out.push_str(&format!("{}\t{}\t{}\t{}\n", a.name, a.role, list(&a.centers), list(&a.queues)));
    }
    out
}

/// From the file named, from the terminal without echo (twice), or a line of standard
/// input.
fn password(from: &Password, name: &str) -> Result<String, Failure> {
    let cut = |text: &str| text.trim_end_matches(['\r', '\n']).to_owned();
    if let Some(path) = &from.password_file {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::File(path.display().to_string(), e))?;
        return Ok(cut(&text));
    }
    let other = |e: std::io::Error| Failure::Other(format!("the password cannot be read: {e}"));
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(other)?;
        return Ok(cut(&line));
    }
    let first = rpassword::prompt_password(format!("New password of {name}: ")).map_err(other)?;
    let again = rpassword::prompt_password("Once more: ").map_err(other)?;
    if first == again { Ok(first) } else { Err(Failure::Usage("the two passwords differ; nothing was changed".into())) }
}
