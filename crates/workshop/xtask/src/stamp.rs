//! Says whether a part was installed from exactly these inputs: the inputs' text is kept
//! beside what was installed, and written last.

use std::path::{Path, PathBuf};

/// The stamp of one part.
pub struct Stamp {
    file: PathBuf,
    inputs: String,
}

impl Stamp {
    /// For the part in `folder`, installed from these files.
    ///
    /// # Errors
    /// Where an input cannot be read.
    pub fn of(folder: &Path, inputs: &[PathBuf]) -> Result<Self, String> {
        let mut text = String::new();
        for input in inputs {
            let one = std::fs::read_to_string(input).map_err(|e| format!("{}: {e}", input.display()))?;
            text.push_str(&one);
            text.push('\u{c}');
        }
        Ok(Self { file: folder.join(".installed"), inputs: text })
    }

    /// Whether nothing has to be done.
    pub fn holds(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|t| t == self.inputs)
    }

    /// Whether something was installed before, from whatever inputs.
    pub fn was_set(&self) -> bool {
        self.file.exists()
    }

    /// Everything is installed.
    ///
    /// # Errors
    /// Where the stamp cannot be written.
    pub fn set(&self) -> Result<(), String> {
        std::fs::write(&self.file, &self.inputs).map_err(|e| format!("{}: {e}", self.file.display()))
    }
}
