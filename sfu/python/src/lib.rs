//! The thin bridge: JSON in, JSON out, no logic. Its stub is `src/telepresence/engine/_native.pyi`.
//!
//! The worker's thread never attaches to Python; calls here only touch its rings.

use std::net::{IpAddr, SocketAddr};

use pyo3::exceptions::{PyBlockingIOError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sfu::command::Command;
use sfu::worker::{self, Handle, SubmitError};

/// A running media engine: one worker thread that owns one UDP port.
#[pyclass(frozen)]
struct Engine {
    handle: Handle,
}

#[pymethods]
impl Engine {
    #[new]
    fn new(bind: &str, port: u16) -> PyResult<Self> {
        let ip: IpAddr = bind.parse().map_err(|_| PyValueError::new_err(format!("{bind:?} is not an IP address")))?;
        Ok(Self { handle: worker::start(SocketAddr::new(ip, port)).map_err(os_error)? })
    }

    #[getter]
    fn port(&self) -> u16 {
        self.handle.local_addr().port()
    }

    #[getter]
    fn fingerprint(&self) -> &str {
        self.handle.fingerprint()
    }

    fn submit(&self, command: &[u8]) -> PyResult<()> {
        let command: Command = serde_json::from_slice(command)
            .map_err(|error| PyValueError::new_err(format!("malformed command: {error}")))?;
        self.handle.submit(command).map_err(refused)
    }

    fn event_fd(&self) -> i32 {
        self.handle.event_fd()
    }

    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        self.handle.drain().iter().map(|event| encode(py, event)).collect()
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let snapshot = py.detach(|| self.handle.snapshot()).map_err(refused)?;
        encode(py, &snapshot)
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.handle.stop());
    }
}

fn encode<'py>(py: Python<'py>, value: &impl serde::Serialize) -> PyResult<Bound<'py, PyBytes>> {
    let text = serde_json::to_vec(value).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(PyBytes::new(py, &text))
}

/// With its number, so that Python can tell one error from another.
fn os_error(error: std::io::Error) -> PyErr {
    match error.raw_os_error() {
        Some(code) => PyOSError::new_err((code, error.to_string())),
        None => error.into(),
    }
}

fn refused(error: SubmitError) -> PyErr {
    match error {
        SubmitError::Full => PyBlockingIOError::new_err("the engine's command queue is full"),
        SubmitError::Stopped => PyRuntimeError::new_err("the engine was closed"),
        SubmitError::Late => PyRuntimeError::new_err("the engine did not answer within a second"),
    }
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::Engine;
}
