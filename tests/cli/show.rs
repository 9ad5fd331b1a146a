//! `meshproof show`: cases drawn, and printed as files.

use crate::program::Place;
use crate::says;

/// A case with a fault of each target, and a change.
pub(crate) const DRAWN: &str = "\
meshproof/v1: cases
cases:
  - id: test.drawn
    level: should
    statement: Everything is drawn.
    sources: [this test]
    requires: [split]
    world:
      services:
        shop: {calls: [cart, stock], optional: [stock]}
        cart: {calls: [stock], replicas: 3}
        stock: {behaviour: {delay: 5ms}}
        stock-next: {}
    policy:
      shop->stock: {backendRefs: [{name: stock, weight: 9}, {name: stock-next, weight: 1}]}
    load: {on: shop, rate: 20/s, for: 2s, methods: [GET, POST]}
    faults:
      - {on: {link: {call: shop->cart}}, kind: {latency: {delay: 10ms}}, from: 500ms, until: 1s}
      - {on: {replica: cart-1}, kind: kill, from: 0s, until: 2s}
      - {on: controlPlane, kind: stop, from: 1s, until: 2s}
      - {on: {sidecar: stock-0}, kind: stop, from: 0s, until: 1s}
    changes:
      - {at: 1500ms, do: {policy: {shop->stock: {backendRefs: [{name: stock, weight: 1}, {name: stock-next, weight: 0}]}}}}
    expect: [{succeed: {call: prober->shop, atLeast: 99%}}]
    sabotage: [ignorePolicyUpdates]
";

#[test]
fn a_case_is_drawn() {
    let place = Place::new();
    place.file("cases.yaml", DRAWN);
    let told = place.run(&["show", "test.drawn", "--suite", "cases.yaml"]);
    let drawn = "
Topology
  prober ──► shop
             ├─ app-out ── wire [F1] ── app-in ─► cart [F2 cart-1] ×3
             │                                    └──► stock [F4 stock-0.sidecar]  (delay: 5ms)
             └──► stock  (optional; as above)
  stock-next  (a destination of a split)
  control plane [F3]

Schedule
  The policy is handed over first, and must act within 5s.
        0ms        500ms       1s          1500ms      2s
  load  ├──────────────────────────────────────────────┤  20/s to shop, GET, POST in turn
  F1               ╞═══════════╡                          shop->cart, wire: latency {delay: 10ms, jitter: 0ms, toward: caller}
  F2    ╞══════════════════════════════════════════════╡  cart-1: kill
  F3                           ╞═══════════════════════╡  control plane: stop
  F4    ╞══════════════════════╡                          sidecar of stock-0: stop
  C1                                       ●              policy {shop->stock: {backendRefs: [{name: stock, weight: 1}, {name: stock-next, weight: 0}]}}
";
    says(
        &told,
        0,
        &[
            drawn,
            "test.drawn (should)",
            "Everything is drawn.",
            "It binds a mesh that declares split.",
        ],
    );
    says(
        &told,
        0,
        &[
            "call: prober->shop",
            "At least this share of calls succeed.",
            "this test",
            "ignorePolicyUpdates",
        ],
    );
}

#[test]
fn every_built_in_case_is_drawn_and_printed_as_a_file() {
    let place = Place::new();
    let cases = place.run(&["list", "cases"]);
    for case in cases
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        says(
            &place.run(&["show", case]),
            0,
            &["Topology", "Schedule", "Checks", "Sabotage"],
        );
        let file = place.run(&["show", case, "--yaml"]);
        place.file("one.yaml", &file.stdout);
        says(
            &place.run(&["validate", "one.yaml"]),
            0,
            &["1 cases, all sound"],
        );
    }
}
