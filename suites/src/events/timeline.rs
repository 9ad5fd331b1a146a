//! A proof drawn as a timeline: in text, a record a line; as SVG, a row for everybody who recorded.

use meshproof_model::Nanos;

use super::Proof;

const ROW: usize = 40;
const LEFT: usize = 170;
const WIDTH: usize = 900;
const HEAD: usize = 46;

/// A record a line, times relative to the first.
#[must_use]
pub fn text(proof: &Proof) -> Vec<String> {
    let first = proof.steps.first().map_or(0, |step| step.at);
    let longest =
        |width: fn(&super::Step) -> usize| proof.steps.iter().map(width).max().unwrap_or(0);
    let who = longest(|step| step.who.chars().count());
    let vantage = longest(|step| step.vantage.word().len());
    let kind = longest(|step| step.kind.word().len());
    let mut lines: Vec<String> = proof
        .steps
        .iter()
        .map(|step| {
            format!(
                "{:>12}  {:who$}  {:vantage$}  {:kind$}  {}",
                since(first, step.at),
                step.who,
                step.vantage,
                step.kind,
                step.about
            )
            .trim_end()
            .to_owned()
        })
        .collect();
    if let Some(vantage) = proof.last_seen {
        lines.push(format!("last seen at {vantage}, and nowhere behind it"));
    }
    lines
}

fn since(first: Nanos, at: Nanos) -> String {
    let micros = at.saturating_sub(first) / 1_000;
    format!("+{}.{:03} ms", micros / 1_000, micros % 1_000)
}

/// All proofs as one picture, one below the other.
#[must_use]
pub fn svg(proofs: &[Proof]) -> String {
    let mut body = String::new();
    let mut top = 10;
    for proof in proofs {
        top += picture(proof, top, &mut body);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{top}\" \
         viewBox=\"0 0 {width} {top}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n",
        width = LEFT + WIDTH + 30
    )
}

/// Draws one proof and returns its height.
fn picture(proof: &Proof, top: usize, out: &mut String) -> usize {
    let mut rows: Vec<&str> = Vec::new();
    for step in &proof.steps {
        if !rows.contains(&step.who.as_str()) {
            rows.push(&step.who);
        }
    }
    let first = proof.steps.first().map_or(0, |step| step.at);
    let title = format!("{}: {}", proof.anomaly, proof.subject);
    out.push_str(&format!(
        "<text x=\"10\" y=\"{}\" font-weight=\"bold\">{}</text>\n",
        top + 14,
        escaped(&title)
    ));
    for (row, who) in rows.iter().enumerate() {
        let y = top + HEAD + row * ROW;
        out.push_str(&format!(
            "<text x=\"10\" y=\"{}\">{}</text><line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"#bbb\"/>\n",
            y + 4,
            escaped(who),
            LEFT + WIDTH
        ));
    }
    // Evenly, in time order: what matters lies microseconds apart, and the drain seconds behind it.
    let apart = (WIDTH - 80) / proof.steps.len().saturating_sub(1).max(1);
    for (number, step) in proof.steps.iter().enumerate() {
        let x = LEFT + 10 + number * apart.min(WIDTH / 6);
        let row = rows.iter().position(|who| *who == step.who).unwrap_or(0);
        let y = top + HEAD + row * ROW;
        out.push_str(&format!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{}\"><title>{} {}</title></circle>\
             <text x=\"{x}\" y=\"{}\" font-size=\"10\">{}</text>\
             <text x=\"{x}\" y=\"{}\" font-size=\"9\" fill=\"#666\">{}</text>\n",
            if step.kind.names_event() {
                "#1f5fa8"
            } else {
                "#b03030"
            },
            step.vantage,
            escaped(&step.about),
            y - 8,
            step.kind,
            y + 14,
            since(first, step.at),
        ));
    }
    HEAD + rows.len() * ROW + 20
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
