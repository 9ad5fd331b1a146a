//! `meshproof show`: one case, with all that it demands.

use meshproof_suites::Case;

use super::output::print;
use super::{Failure, load_suite};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("suite `{suite}` has no case `{case}`{near}")]
#[diagnostic(help("`meshproof list cases` shows all ids"))]
struct NoCase {
    suite: String,
    case: String,
    near: String,
}

pub(crate) fn show(suite: &str, id: &str) -> Result<u8, Failure> {
    let suite = load_suite(suite)?;
    let Some(case) = suite.cases.iter().find(|case| case.id == id) else {
        let near = meshproof_yaml::nearest(id, suite.cases.iter().map(|case| case.id.as_str()));
        return Err(Failure::input(NoCase {
            case: id.to_owned(),
            near: near.map_or_else(String::new, |near| format!("; did you mean `{near}`?")),
            suite: suite.name,
        }));
    };
    print(&told(case)?);
    Ok(0)
}

fn told(case: &Case) -> Result<String, Failure> {
    let text = meshproof_yaml::to_string(case).map_err(Failure::environment)?;
    Ok(format!(
        "{} ({})\n\n  {}\n\nSources: {}\nCaught sabotage: {}\n\n{text}",
        case.id,
        case.level,
        case.statement,
        case.sources.join(", "),
        case.sabotage.join(", "),
    ))
}
