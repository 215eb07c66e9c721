//! The command line of `accounts`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

#[derive(Subcommand)]
pub enum Accounts {
    /// Add an account; its password comes from the terminal, standard input or --password-file.
    Add(Add),
    /// List the accounts.
    List(List),
    /// Remove an account; its sessions end.
    Remove(Remove),
    /// Give an account another password; its sessions end.
    SetPassword(SetPassword),
}

/// Which file.
#[derive(ClapArgs)]
pub struct List {
    /// The accounts file, as `accounts_file` of the pipeline's [http] names it.
    #[arg(long)]
    pub file: PathBuf,
}

#[derive(ClapArgs)]
pub struct Remove {
    /// Name of the account.
    pub name: String,
    /// The accounts file.
    #[arg(long)]
    pub file: PathBuf,
}

#[derive(ClapArgs)]
pub struct Password {
    /// File that holds the password; never give one on the command line.
    #[arg(long)]
    pub password_file: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub struct SetPassword {
    /// Name of the account.
    pub name: String,
    /// The accounts file.
    #[arg(long)]
    pub file: PathBuf,
    #[command(flatten)]
    pub password: Password,
}

#[derive(ClapArgs)]
pub struct Add {
    /// Name to sign in with; it stands in the log beside what is done with it.
    pub name: String,
    /// What the account may do.
    #[arg(long)]
    pub role: AccountRole,
    /// Only this queue is seen (may be repeated); none: all.
    #[arg(long)]
    pub queue: Vec<String>,
    /// Only this centre is seen (may be repeated); none: all.
    #[arg(long)]
    pub center: Vec<String>,
    /// The accounts file; made where there is none.
    #[arg(long)]
    pub file: PathBuf,
    #[command(flatten)]
    pub password: Password,
}

/// Roles that people have.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AccountRole {
    /// Live board, reports, calls, health and its retries.
    Operations,
    /// Live board, reports, calls, recordings.
    Compliance,
    /// Live board, reports, calls.
    Analyst,
    /// Everything.
    Administrator,
}
