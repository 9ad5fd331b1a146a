//! `meshproof list`: what there is.

use meshproof_fixtures::Profile;
use meshproof_model::FaultKind;
use meshproof_suites::events::{Anomaly, Guarantee};
use meshproof_suites::{Expect, Suite};

use super::output::{columns, print};
use super::{Failure, builtin_suites};
use crate::cli::What;

pub(crate) fn list(what: What) -> Result<u8, Failure> {
    let rows = match what {
        What::Suites => suites()?,
        What::Cases => cases()?,
        What::Checks => Expect::CATALOGUE
            .iter()
            .map(|(name, about)| vec![(*name).to_owned(), (*about).to_owned()])
            .collect(),
        What::Meshes => meshes()?,
        What::Faults => FaultKind::CATALOGUE
            .iter()
            .map(|(name, on, about)| [*name, *on, *about].map(str::to_owned).to_vec())
            .collect(),
        What::Guarantees => guarantees(),
        What::Anomalies => Anomaly::ALL
            .iter()
            .map(|anomaly| vec![anomaly.word().to_owned(), anomaly.about().to_owned()])
            .collect(),
    };
    print(&columns(&rows));
    Ok(0)
}

fn guarantees() -> Vec<Vec<String>> {
    let all = Guarantee::ALL.iter();
    all.flat_map(|guarantee| {
        let broken_by: Vec<&str> = guarantee
            .broken_by()
            .into_iter()
            .map(Anomaly::word)
            .collect();
        let broken_by = format!("broken by: {}", broken_by.join(", "));
        [
            vec![guarantee.word().to_owned(), guarantee.about().to_owned()],
            vec![String::new(), broken_by],
        ]
    })
    .collect()
}

fn suites() -> Result<Vec<Vec<String>>, Failure> {
    let row = |suite: Suite| {
        let count = format!("{} cases", suite.cases.len());
        vec![suite.name, count, suite.about]
    };
    Ok(builtin_suites()?.into_iter().map(row).collect())
}

fn cases() -> Result<Vec<Vec<String>>, Failure> {
    let cases = builtin_suites()?.into_iter().flat_map(|suite| suite.cases);
    Ok(cases
        .map(|case| vec![case.id, case.level.to_string(), case.statement])
        .collect())
}

fn meshes() -> Result<Vec<Vec<String>>, Failure> {
    let mut rows = Vec::new();
    for name in Profile::builtin_names() {
        let profile = Profile::load(&name).map_err(Failure::input)?;
        let here = match profile.missing_binary() {
            Some(binary) => format!("needs `{binary}`"),
            None => "ready".to_owned(),
        };
        rows.push(vec![name, here, profile.spec.about.clone()]);
        if !profile.spec.sabotage.is_empty() {
            let sabotage = format!("sabotage: {}", profile.spec.sabotage.join(", "));
            rows.push(vec![String::new(), String::new(), sabotage]);
        }
    }
    Ok(rows)
}
