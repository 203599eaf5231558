//! Which seeds a story runs with, and how a failing one is run again.

/// The variable that names the only seed to run.
const VARIABLE: &str = "SIM_SEED";
/// The seed of a story that needs only one.
const DEFAULT: u64 = 1;

/// Runs a story with seeds 1 to `count`, or only with the one in `SIM_SEED`.
pub fn for_seeds(count: u64, story: impl Fn(u64)) {
    match chosen() {
        Some(seed) => story(seed),
        None => (1..=count).for_each(story),
    }
}

/// The seed in `SIM_SEED`, or the default.
pub fn one() -> u64 {
    chosen().unwrap_or(DEFAULT)
}

/// # Panics
/// When the variable is no number.
fn chosen() -> Option<u64> {
    let text = std::env::var(VARIABLE).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{VARIABLE} is {text:?}; a whole number is wanted, as {VARIABLE}=7")))
}

/// The command that runs the current test again with this seed.
pub fn replay(seed: u64) -> String {
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "telepresence-sim".into());
    let thread = std::thread::current();
    format!("{VARIABLE}={seed} cargo test --release -p {package} {}", thread.name().unwrap_or_default())
}
