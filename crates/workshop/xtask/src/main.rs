//! Build and test tasks of the workspace.
fn main() {}
