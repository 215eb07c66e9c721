//! What was measured, for people and for programs.

use serde_json::{Map, Value};

/// Names and values, in the order in which they were measured.
#[derive(Debug, Default)]
pub struct Told(pub Map<String, Value>);

impl Told {
    /// Adds a figure, rounded to three decimals.
    pub fn figure(&mut self, name: &str, value: f64) {
        self.0.insert(name.to_owned(), ((value * 1000.0).round() / 1000.0).into());
    }

    /// Adds a figure, where the system gave it.
    pub fn maybe(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.figure(name, value);
        }
    }

    /// Adds a count.
    pub fn count(&mut self, name: &str, value: u64) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The figure of that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// Reads what a child printed: its last line.
    ///
    /// # Errors
    /// There is no such line.
    pub fn read(text: &str) -> Result<Self, String> {
        let last = text.lines().rev().find(|l| l.starts_with('{')).ok_or("a child told nothing")?;
        serde_json::from_str(last).map(Self).map_err(|e| format!("a child told no JSON: {e}"))
    }

    /// Text to standard error, JSON to standard output.
    pub fn print(&self) {
        for (name, value) in &self.0 {
            eprintln!("{name:32} {value}");
        }
        println!("{}", Value::Object(self.0.clone()));
    }
}
