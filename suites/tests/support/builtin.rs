//! The built-in suite, read once.

use std::sync::LazyLock;

use meshproof_suites::{Case, Suite};

/// The built-in suite.
pub(crate) static SUITE: LazyLock<Suite> =
    LazyLock::new(|| Suite::builtin("resilience").expect("the built-in suite is sound"));

/// One of its cases.
pub(crate) fn case(id: &str) -> Case {
    let found = SUITE.cases.iter().find(|case| case.id == id);
    found.expect("a case with this id").clone()
}
