//! Commands and events are the JSON that Python writes and reads: `golden/bridge.json` is read by `tests/engine/test_bridge.py` too.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by a panic")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sfu::command::{Command, Event};

fn golden(part: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(include_str!("golden/bridge.json")).unwrap();
    whole[part].as_array().unwrap().clone()
}

/// Read and written again, nothing is added, lost or renamed.
fn goes_round<T: DeserializeOwned + Serialize>(part: &str) {
    for written in golden(part) {
        let read: T = serde_json::from_value(written.clone()).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
    }
}

#[test]
fn commands_go_round() {
    goes_round::<Command>("commands");
}

#[test]
fn events_go_round() {
    goes_round::<Event>("events");
}

/// The words say what there is.
#[test]
fn an_unknown_command_is_refused_by_name() {
    let unknown = serde_json::from_str::<Command>(r#"{"type":"explode","conn":1}"#).unwrap_err().to_string();
    assert!(unknown.contains("explode") && unknown.contains("assign"), "{unknown}");
}
